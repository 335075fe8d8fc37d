"""Content: packs of data that people edit, and what loads and checks them."""
