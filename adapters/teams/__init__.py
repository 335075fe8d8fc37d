"""Inflow in Microsoft Teams. All of botbuilder that is used is used in here."""
