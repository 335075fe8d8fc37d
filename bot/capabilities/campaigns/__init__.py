"""One message to many: a campaign, its forecast, and what became of every letter."""
