"""The web server that platforms hang their routes on."""
