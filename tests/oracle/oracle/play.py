# SPDX-License-Identifier: GPL-2.0-or-later
"""Play: jobs compete for resources (timing.rst, "Jobs, resources and events").

SimPy keeps the event list; its order (time, priority, order of scheduling) is that of
the specification, with the phase as priority.
"""

from collections import deque

import simpy

RELEASE, CONTINUE, GRANT, INPUT = range(4)


class Resource:
    def __init__(self, name, servers):
        self.name, self.free = name, servers
        self.queue = deque()
        self.granting = False


class Op:
    __slots__ = ("kind", "arg", "mark", "cost")

    def __init__(self, kind, arg=None, mark=0, cost=None):
        self.kind, self.arg, self.mark, self.cost = kind, arg, mark, cost


class Job:
    def __init__(self, number, kind, ops):
        self.number, self.kind, self.ops = number, kind, ops
        self.at, self.begin, self.running = 0, 0, False
        self.progress, self.done = 0, False
        self.waiters = []
        self.retry = False

    def reached(self, mark):
        return self.done or self.progress >= mark


class Play:
    def __init__(self, profile, log):
        self.env = simpy.Environment()
        self.log = log
        p = {name[7:]: int(value) for name, value in profile.items()
             if name.startswith("timing.")}
        self.p = p
        servers = {
            "TXN": p["txn.slots"], "PORT": 1, "CONFIG": p["config.width"],
            "UTLB": p["utlb.width"], "TLB": p["tlb.width"], "WALKER": p["walker.slots"],
            "TABLE": p["table.width"], "IPA": p["ipa.width"], "MEM": 1,
            "COMMAND": 1, "INVALIDATE": 1, "RECORD": 1}
        self.resources = {name: Resource(name, n) for name, n in servers.items()}
        self.costs = {"PORT": (p["port.interval"], p["port.latency"])}
        for name in ("CONFIG", "UTLB", "TLB", "TABLE", "IPA"):
            self.costs[name] = (1, p[name.lower() + ".latency"])
        self.jobs, self.count = {}, 0
        self.alive = {"request": {}, "command": {}, "record": {}}
        self.drains = []

    @property
    def now(self):
        return self.env.now

    def schedule(self, phase, delay, action, *args):
        event = simpy.Event(self.env)
        event._ok, event._value = True, None
        event.callbacks.append(lambda _: action(*args))
        self.env.schedule(event, phase, delay)

    def alarm(self):
        """The cycle in which an IOMMU wants to be told, behind what play does in it."""
        return None

    def ring(self):
        """It is that cycle."""

    def go_to(self, cycle):
        """Everything before the inputs of that cycle, but for the alarms."""
        while self.env._queue and self.env._queue[0][:2] < (cycle, INPUT):
            self.env.step()
        if self.env.now < cycle:
            self.schedule(INPUT, cycle - self.env.now, lambda: None)
            self.env.step()

    def run(self, cycle):
        """Everything before the inputs of that cycle."""
        while True:
            soon = self.next_stop(cycle)
            self.go_to(soon)
            # What play did meanwhile may have changed the alarm.
            alarm = self.alarm()
            if alarm is not None and alarm <= self.now:
                self.ring()
            elif soon == cycle:
                return

    def next_stop(self, cycle):
        alarm = self.alarm()
        return cycle if alarm is None else min(cycle, max(alarm, self.now))

    def finish(self):
        while self.env._queue:
            self.run(self.env._queue[0][0])

    # What operations cost: occupancy and latency.

    def memory(self, size, write=False):
        beats = -(-size // self.p["mem.beat"])
        latency = self.p["mem.write-latency" if write else "mem.latency"]
        interval = self.p["mem.interval"]
        return (interval * beats, latency + interval * (beats - 1))

    def invalidation(self, dropped):
        cost = self.p["invalidate.base"] - (-dropped // self.p["invalidate.rate"])
        return (cost, cost)

    # Jobs

    def submit_record(self, size, visible):
        """A record; what the request that submits it does next, if they are too many."""
        crowded = len(self.alive["record"]) >= self.p["record.slots"]
        self.submit("record", [
            Op("hold", "RECORD"), Op("use", "MEM", cost=self.memory(size, write=True)),
            Op("action", lambda job: visible()), Op("release", "RECORD"), Op("done")])
        return [Op("hold", "RECORD"), Op("release", "RECORD")] if crowded else []

    def submit(self, kind, ops):
        self.count += 1
        job = Job(self.count, kind, ops)
        self.jobs[job.number] = self.alive[kind][job.number] = job
        self.schedule(CONTINUE, 0, self.go_on, job)
        return job

    def reached(self, stamp):
        number, mark = stamp
        return number not in self.jobs or self.jobs[number].reached(mark)

    def go_on(self, job):
        if job.running:
            self.end_op(job)
        while not job.done:
            job.begin = self.now
            if not self.execute(job, job.ops[job.at]):
                job.running = True
                return
            self.end_op(job)

    def end_op(self, job):
        op = job.ops[job.at]
        job.running = False
        job.at += 1
        target = op.arg if op.kind in ("use", "hold", "release") else "-"
        self.log(f"op {job.number} {op.kind} {target} {job.begin}")
        job.progress = max(job.progress, op.mark)
        if op.kind == "done":
            self.end_job(job)
        waiting, job.waiters = job.waiters, []
        for waiter, mark in waiting:
            if job.reached(mark):
                self.schedule(CONTINUE, 0, self.go_on, waiter)
            else:
                job.waiters.append((waiter, mark))
        if job.done:
            self.wake_drains()
            if op.arg:
                op.arg()

    def end_job(self, job):
        job.done = True
        del self.alive[job.kind][job.number]
        del self.jobs[job.number]
        if job.kind == "request" and not job.retry:
            self.log(f"done {job.number}")

    def wake_drains(self):
        waiting, self.drains = self.drains, []
        for job, kinds in waiting:
            if self.drained(job, kinds):
                self.schedule(CONTINUE, 0, self.go_on, job)
            else:
                self.drains.append((job, kinds))

    def drained(self, job, kinds):
        return not any(min(self.alive[kind], default=job.number) < job.number
                       for kind in kinds)

    def execute(self, job, op):
        """Begin an operation; whether it took no time."""
        if op.kind in ("use", "hold"):
            self.join(self.resources[op.arg], job)
            return False
        if op.kind == "release":
            self.release(self.resources[op.arg])
        elif op.kind == "wait":
            target = self.jobs.get(op.arg[0])
            if target and not target.reached(op.arg[1]):
                target.waiters.append((job, op.arg[1]))
                return False
        elif op.kind == "drain":
            if not self.drained(job, op.arg):
                self.drains.append((job, op.arg))
                return False
        elif op.kind == "delay" and op.arg:
            self.schedule(CONTINUE, op.arg, self.go_on, job)
            return False
        elif op.kind == "action":
            more = op.arg(job)
            if more:
                job.ops[job.at + 1:job.at + 1] = more
        return True

    # Resources

    def join(self, resource, job):
        resource.queue.append(job)
        self.want_grant(resource)

    def release(self, resource):
        resource.free += 1
        self.want_grant(resource)

    def want_grant(self, resource):
        if resource.free and resource.queue and not resource.granting:
            resource.granting = True
            self.schedule(GRANT, 0, self.grant, resource)

    def grant(self, resource):
        resource.granting = False
        while resource.free and resource.queue:
            job = resource.queue.popleft()
            op = job.ops[job.at]
            resource.free -= 1
            latency = 0
            if op.kind == "use":
                occupancy, latency = op.cost or self.costs[op.arg]
                self.schedule(RELEASE, occupancy, self.release, resource)
            self.schedule(CONTINUE, latency, self.go_on, job)
