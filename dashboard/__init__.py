"""The application: the command `reel` and the Streamlit dashboard over the other three packages."""
