"""The pages people open: templates, native ES modules and the few views behind them."""
