"""What each module of nn becomes, one family a file; importing a family enters it into the table."""
