"""Storage: the database, one file for each port of the core, and the migrations."""
