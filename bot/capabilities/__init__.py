"""What the bot can do: one folder each."""
