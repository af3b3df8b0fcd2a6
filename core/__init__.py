"""Ground floor: settings, database, errors, clock, durable jobs, leases, text folding, regions."""
