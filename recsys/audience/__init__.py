"""What a viewing log says about the audience: of each second, of each title, of each segment."""
