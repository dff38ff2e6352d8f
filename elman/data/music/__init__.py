"""Music: files of many kinds as notes, and notes as events or as a piano roll. No torch."""
