"""Files of histories as arrays, for the commands that need no database."""
