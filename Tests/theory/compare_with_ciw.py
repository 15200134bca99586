"""The desk's waits against those of ciw, a simulator of queues that nobody of ours wrote.

Each case is told to ciw in its own words; the arrivals and service times are those that the desk had
(`simulate --theory --case NAME`). Where ciw has a word for a rule it is used as it is. Skills it has not:
those cases run on a node of its own kind whose agents take whom they fit, in the order of rank.

    compare_with_ciw.py SIMULATE DIRECTORY             a line for each case
    compare_with_ciw.py SIMULATE DIRECTORY --table     the page's part, in Markdown
    compare_with_ciw.py SIMULATE DIRECTORY --planted   each planted fault must be found

Ends with 1 when a figure lies outside its interval, or a planted fault stays hidden.
"""

import math
import pathlib
import subprocess
import sys

import ciw

SERVICE = 10_000_000  # The mean service, in the desk's milliseconds.
LONGEST = 7 * 24 * 3_600_000  # What a level of priority is worth that nobody outwaits.
WARM_UP = 2_000  # Customers who are not counted: the desk begins empty.
BATCHES = 30
CONFIDENCE = 0.99  # All intervals of the page together.
FAULTS = ["everySkill", "noPriority", "olderPriority", "neverRelax", "neverOverflow", "lateClosing"]


class Given(ciw.dists.Distribution):
    """The service times that were given, by customer: ciw numbers them as they come."""

    def __init__(self, times):
        self.times = times

    def sample(self, t=None, ind=None):
        return self.times[ind.id_number - 1]


def arrivals_of(customers, kind):
    """The times between the arrivals of one class, and then none any more."""
    times = [customer["arrival"] for customer in customers if customer["class"] == kind]
    return ciw.dists.Sequential(
        [times[0]] + [later - earlier for earlier, later in zip(times, times[1:])] + [math.inf]
    )


def first_arrival(individual):
    records = individual.data_records
    return records[0].arrival_date if records else individual.arrival_date


class SkilledNode(ciw.Node):
    """Agents of several groups before one queue: ciw's node, but that an agent takes whom they fit.

    The case names, for each class, the groups that fit and what its rank is ahead by. Of several free
    agents the one goes first who was given nothing for longest.
    """

    case = None  # Set for each case on a class of its own.

    def fits(self, server, individual):
        return self.case.group_of(server.id_number) in self.case.fits[individual.customer_class]

    def rank(self, individual):
        ahead = self.case.ahead.get(individual.customer_class, 0)
        return (individual.arrival_date - ahead, individual.id_number)

    def first_in_turn(self, individual):
        free = [s for s in self.servers if not s.busy and self.fits(s, individual)]
        return min(free, key=lambda s: (getattr(s, "given", -1), s.id_number), default=None)

    def give(self, server, individual):
        server.given = self.now
        self.attach_server(server, individual)
        individual.service_start_date = self.now
        individual.service_time = self.get_service_time(individual)
        individual.service_end_date = self.now + individual.service_time
        self.number_in_service += 1
        self.reset_class_change(individual)
        server.next_end_service_date = individual.service_end_date

    def begin_service_if_possible_accept(self, next_individual):
        next_individual.arrival_date = self.now
        self.decide_class_change(next_individual)
        server = self.first_in_turn(next_individual)
        if server is not None:
            self.give(server, next_individual)

    def begin_service_if_possible_release(self, next_individual, newly_free_server):
        waiting = [
            i for i in self.all_individuals if not i.server and self.fits(newly_free_server, i)
        ]
        if waiting:
            self.give(newly_free_server, min(waiting, key=self.rank))

    def change_customer_class_while_waiting(self):
        individual = self.next_individual
        super().change_customer_class_while_waiting()
        server = self.first_in_turn(individual)
        if server is not None:
            self.give(server, individual)


class Case:
    """A case in ciw's words. `uses` says which of them."""

    def __init__(self, name, uses, groups, fits=None, ahead=None, changes=None, network=None):
        self.name = name
        self.uses = uses
        self.groups = groups
        self.fits = fits
        self.ahead = ahead or {}
        self.changes = changes or {}
        self.network = network or self.skilled_network

    def group_of(self, server):
        for group, count in enumerate(self.groups):
            if server <= count:
                return group
            server -= count
        raise ValueError("more agents than there are")

    def skilled_network(self, customers):
        """One node; classes change while they wait where less is asked for, or they overflow."""
        names = list(self.fits)
        never = ciw.dists.Deterministic(math.inf)
        times = Given([customer["service"] for customer in customers])
        arguments = {
            "arrival_distributions": {
                name: [arrivals_of(customers, index) if index < 2 else None]
                for index, name in enumerate(names)
            },
            "service_distributions": {name: [times] for name in names},
            "routing": {name: [[0.0]] for name in names},
            "number_of_servers": [sum(self.groups)],
        }
        if self.changes:
            arguments["class_change_time_distributions"] = {
                name: {
                    other: ciw.dists.Deterministic(self.changes[name][1])
                    for other in names
                    if self.changes.get(name, (None,))[0] == other
                }
                or {name: never}
                for name in names
            }
        node = type("Node", (SkilledNode,), {"case": self})
        return ciw.create_network(**arguments), node

    def waits(self, customers):
        """How long each customer waits for an agent, in the order of arrival."""
        network, node = self.network(customers)
        ciw.seed(1)  # Nothing is drawn; ties would be.
        simulation = ciw.Simulation(network, node_class=node, exact=False)
        simulation.simulate_until_max_customers(len(customers), method="Finish")
        begins, arrives = {}, {}
        for record in simulation.get_all_records():
            number = record.id_number
            arrives[number] = min(arrives.get(number, math.inf), record.arrival_date)
            if record.record_type == "service":
                begins[number] = record.service_start_date
        return [begins[n] - arrives[n] for n in range(1, len(customers) + 1)]


def equal_agents(agents, **more):
    """Agents who are all alike, before a queue of ciw's own."""

    def network(customers):
        times = Given([customer["service"] for customer in customers])
        names = ["first", "second"]
        return (
            ciw.create_network(
                arrival_distributions={
                    name: [arrivals_of(customers, index)] for index, name in enumerate(names)
                },
                service_distributions={name: [times] for name in names},
                number_of_servers=[agents],
                routing={name: [[0.0]] for name in names},
                **more,
            ),
            ciw.Node,
        )

    return network


def oldest_but_for_priority(ahead):
    def discipline(individuals, now):
        return min(individuals, key=lambda i: i.arrival_date - ahead[i.customer_class])

    return discipline


def overflowing(customers):
    """Two nodes; who has waited in the first leaves it for the second and keeps the clock."""
    times = Given([customer["service"] for customer in customers])
    leave = ciw.dists.Deterministic(0.5 * SERVICE)
    return (
        ciw.create_network(
            arrival_distributions={
                "first": [arrivals_of(customers, 0), None],
                "second": [None, arrivals_of(customers, 1)],
            },
            service_distributions={"first": [times, times], "second": [times, times]},
            number_of_servers=[4, 6],
            reneging_time_distributions={"first": [leave, None], "second": [None, None]},
            routing={
                name: ciw.routing.NetworkRouting(
                    routers=[LeavesForTheSecond(), ciw.routing.Leave()]
                )
                for name in ["first", "second"]
            },
            service_disciplines=[
                ciw.disciplines.FIFO, lambda individuals, now: min(individuals, key=first_arrival)
            ],
        ),
        ciw.Node,
    )


class LeavesForTheSecond(ciw.routing.Leave):
    def next_node_for_jockeying(self, ind):
        return self.simulation.nodes[2]


CASES = [
    Case(
        "priorities", "priority classes", [8],
        network=equal_agents(8, priority_classes={"first": 0, "second": 1}),
    ),
    Case(
        "ageing", "a service discipline", [8],
        network=equal_agents(
            8,
            service_disciplines=[oldest_but_for_priority({"first": 1.5 * SERVICE, "second": 0})],
        ),
    ),
    Case("overflow", "reneging to another node", [4, 6], network=overflowing),
    Case(
        "skills", "a node with skills", [4, 3, 3], {"first": {0, 2}, "second": {1, 2}},
    ),
    Case(
        "relaxations", "a node with skills, change of class", [3, 5],
        {"first": {0}, "second": {0, 1}, "relaxed": {0, 1}},
        changes={"first": ("relaxed", 0.3 * SERVICE)},
    ),
    Case(
        "everything", "a node with skills, changes of class", [3, 3, 3],
        {"first": {0}, "second": {1, 2}, "relaxed": {0, 2}, "overflowed": {1, 2}},
        ahead={"first": 0.4 * SERVICE, "relaxed": 0.4 * SERVICE},
        changes={"first": ("relaxed", 0.3 * SERVICE), "relaxed": ("overflowed", 0.4 * SERVICE)},
    ),
]


def play(simulate, directory, name, fault=None):
    """What the desk made of a case; kept as a file."""
    command = [simulate, "--theory", "--case", name] + (["--plant", fault] if fault else [])
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    (directory / f"{name}{'-' + fault if fault else ''}.tsv").write_text(text)
    lines = [line.split("\t") for line in text.splitlines()]
    return [dict(zip(lines[0], map(int, line))) for line in lines[1:]]


def quantile(outside):
    """What a normal variable exceeds on either side with this probability."""
    low, high = 0.0, 10.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if math.erfc(middle / math.sqrt(2)) > outside else (low, middle)
    return high


def mean_and_half_width(values):
    """By means of consecutive batches, at the confidence of the whole page."""
    size = len(values) // BATCHES
    means = [sum(values[i * size : (i + 1) * size]) / size for i in range(BATCHES)]
    mean = sum(means) / BATCHES
    deviation = math.sqrt(sum((m - mean) ** 2 for m in means) / (BATCHES - 1))
    # Student's t from a normal quantile, by the first terms of its expansion (Abramowitz and Stegun,
    # Handbook of Mathematical Functions, 26.7.5).
    z, freedom = quantile((1 - CONFIDENCE) / (2 * len(CASES))), BATCHES - 1
    t = z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
    return mean, t * deviation / math.sqrt(BATCHES)


def compare(case, customers, waits):
    """A figure for each class: the desk's mean wait, ciw's, and the mean difference in pairs."""
    figures = []
    for kind in (0, 1):
        pairs = [
            (customer["wait"], wait)
            for customer, wait in list(zip(customers, waits))[WARM_UP:]
            if customer["class"] == kind
        ]
        desk, own = mean_and_half_width([d / SERVICE for d, _ in pairs])
        other, _ = mean_and_half_width([w / SERVICE for _, w in pairs])
        difference, half = mean_and_half_width([(d - w) / SERVICE for d, w in pairs])
        differing = sum(1 for d, w in pairs if abs(d - w) > 0.5)
        figures.append(
            {
                "case": case, "class": kind + 1, "customers": len(pairs), "desk": desk, "own": own,
                "ciw": other, "difference": difference, "half": half, "differing": differing,
                # The same customers under the same rules wait the same: an interval of no width.
                "inside": abs(difference) <= half and differing == 0,
            }
        )
    return figures


def row(figure):
    return (
        f"| {figure['case'].name} | {figure['case'].uses} | {figure['class']} "
        f"| {figure['customers']} | {figure['desk']:.4f} ± {figure['own']:.4f} "
        f"| {figure['ciw']:.4f} | {figure['difference']:.4f} ± {figure['half']:.4f} "
        f"| {figure['differing']}{'' if figure['inside'] else ' **✗**'} |"
    )


PAGE = """
## Several queues and skills (ciw)

Written by `Tests/theory/compare_with_ciw.py`. [ciw](https://ciw.readthedocs.io) {version}, a simulator
of queues that nobody of ours wrote, plays the same days: the same customers, who come at the same
moments and take the same time. Waits are in mean services, with half of their confidence interval: all
these hold together with a probability of at least {confidence} % (Student's t over {batches} batches,
Bonferroni over {figures} figures). The difference is the mean over pairs, customer by customer. Since
nothing but the rules could make one, none is allowed: who waits otherwise, by a ten-millionth of a
service, counts as differing, and the case fails.

Priorities, a discipline of one's own and leaving one node for another are ciw's; skills it does not have:
there its node is extended so that an agent takes whom they fit, and of several free ones the one goes
first who was given nothing for longest. What it cannot play is left out: offers, transfers, presence,
several conversations at a time, work that weighs more.

| case | ciw's means | class | customers | desk | ciw | difference | differing |
| :--- | :--- | ---: | ---: | ---: | ---: | ---: | ---: |
"""


def find_faults(simulate, directory, played):
    hidden = 0
    for fault in FAULTS:
        found = None
        for case, _, waits in played:
            figures = compare(case, play(simulate, directory, case.name, fault), waits)
            found = next((f for f in figures if not f["inside"]), None)
            if found:
                break
        hidden += found is None
        told = (
            f"{found['case'].name}, class {found['class']}: {found['difference']:.4f} "
            f"± {found['half']:.4f}, {found['differing']} differing" if found else "NOT FOUND"
        )
        print(f"planted {fault}: {told}")
    return hidden


def main():
    simulate, directory, options = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    directory.mkdir(parents=True, exist_ok=True)
    played = []
    for case in CASES:
        customers = play(simulate, directory, case.name)
        played.append((case, customers, case.waits(customers)))
    figures = [figure for parts in played for figure in compare(*parts)]
    if "--planted" in options:
        return 1 if find_faults(simulate, directory, played) else 0
    if "--table" in options:
        print(
            PAGE.format(
                version=ciw.__version__, confidence=round(CONFIDENCE * 100), batches=BATCHES,
                figures=2 * len(CASES),
            ),
            end="",
        )
    print("\n".join(row(figure) for figure in figures))
    return 0 if all(figure["inside"] for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
