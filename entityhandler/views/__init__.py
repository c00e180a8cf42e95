"""The viewsets of this app: they check who asks, call one service, and answer."""
