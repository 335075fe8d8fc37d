"""Tests: real wiring and real databases; only the network is faked."""
