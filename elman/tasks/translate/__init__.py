"""One sequence into another: languages, spelling to sound, remarks to replies."""
