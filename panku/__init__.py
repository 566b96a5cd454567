"""The program: settings, wiring, the panku command and gunicorn's configuration."""
