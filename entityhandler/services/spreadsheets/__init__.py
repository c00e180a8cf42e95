"""Registrations as spreadsheets: reading CSV files, importing them, exporting."""
