"""Tickets as Google Wallet takes them: who issues them, what a pass says. No network."""
