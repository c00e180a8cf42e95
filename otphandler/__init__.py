"""May this person pass now? Codes, tickets, gates, scanners and scans."""
