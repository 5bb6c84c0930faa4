"""The duty room's pages: what a link in a warning mail opens. Answers only, no overview."""
