"""The command line and the wiring, as a person uses them."""
