"""Assembly: from scored shots and a brief to the slots of a cut."""
