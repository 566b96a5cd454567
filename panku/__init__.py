"""The program: settings, wiring, the application, the panku command and gunicorn's configuration."""
