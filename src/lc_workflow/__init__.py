"""LC Workflow: a branch takes a loan application from first notes to a decision an auditor can trust.

The contexts, from the top down; an import may only go down (the contracts in `pyproject.toml` hold it):

- `asgi`, `cli` – start the process.
- `app` – the factory: lists the contexts and connects their ports.
- `insight` – dashboard and figures: reads everyone, changes nobody.
- `engagement` – notifications and the live socket: hears what others announce.
- `lending` – customers, applications, assignments and the workflow: the product.
- `documents` – folders and files: knows applications only as an id.
- `identity` – people with accounts: users, sessions, and what their role lets them do.
- `organization` – branches, departments, positions, employees: knows no accounts.
- `system` – health, settings, enumerations.
- `platform` – configuration, database, security, storage, journal, HTTP plumbing.
- `kernel` – plain Python: errors, the principal, events, money.

To find a behaviour: a rule of the company stands in `<context>/rules`, who may do it in the feature's `access.py`,
what is stored in `models.py`, what happens in the verb of `service.py`, and what follows in `listeners.py` above.
"""
