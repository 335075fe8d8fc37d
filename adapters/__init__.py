"""Adapters: one folder for each platform the bot can speak on, and the web server they share."""
