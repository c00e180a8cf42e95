"""The composition root: settings, addresses, errors and what both apps share; no business."""
