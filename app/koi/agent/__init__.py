"""The agent: a session, the loop of one turn, the gate in front of tools."""
