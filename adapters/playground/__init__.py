"""A chat page in the browser: several people at once and a clock you can move."""
