"""The text core: RawPost -> CleanPost -> ClassifiedPost -> Event. Pure: no network, no clock."""
