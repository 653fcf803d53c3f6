"""Japanese: text -> words as spoken -> phones with marks for the melody."""
