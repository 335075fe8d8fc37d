"""The platform-neutral core of Inflow."""
