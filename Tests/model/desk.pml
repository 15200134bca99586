/* One desk, one conversation, two nodes: lease, epoch, commit and takeover, and the offer of the
 * conversation to agents across them. See README.md beside it for what is shown and how.
 *
 * What each part stands for:
 *   Database  the rows of the desk and the transactions on their way to it (Schemas/sql, Store)
 *   Node      Engine and Desk: at most one request to the database under way, memory forgotten
 *             whenever a commit does not end OK (Sources/Engine/Recovery.swift)
 *   Asker     the webhook's sender (0) and two agents' consoles (1, 2), who repeat a request with the
 *             same key until it is answered
 *   Time      deadlines that pass, leases that expire
 *
 * Deliberately left out: the database's second guard (the number of the last event), so that the
 * epoch alone must suffice; and the order in which a page's other conversations are decided.
 *
 * Faults are counted, so in every run they stop at some time.
 */

#ifndef FAULTS
#define FAULTS 3
#endif
/* Offers go to agent 1 and agent 2 in turn; the last, to agent 2, does not time out, so that the
 * offers are finite. Agent 1 may go away for good at any time. */
#ifndef OFFERS
#define OFFERS 4
#endif

#define agentOf(number) (1 + (number + 1) % 2)
#define ours(node, number) (holder == node && epoch == number)

mtype = { nobody, waiting, offered, held };              /* whose the conversation is */
mtype = { received, offerMade, offerAccepted, offerTimedOut };   /* what a commit writes */
mtype = { ok, fenced };                                  /* how a commit ended */
mtype = { acknowledged, refused };                       /* what an asker is told */

typedef Transaction { mtype writes; byte number; byte epoch };
typedef Requests { bool waits[3]; byte number[3] };

/* The database. */
byte epoch;
byte holder;                        /* a node: at first node 0, from an earlier run */
bool leaseIsLive = true;
mtype owner = nobody;
byte offer;                         /* the latest offer's number: its deadline is stored with it */
bool keys[OFFERS + 1];              /* of the customer's message (0) and of each acceptance */
Transaction sent[2];                /* the one whose outcome its node waits for */
Transaction lost[2];                /* one whose outcome its node will never hear */
mtype outcome[2];

/* Nodes and askers as the others see them. */
bool serves[2];
bool stopped[2];
Requests requests[2];
bit target[3];
bool asks[3];
mtype answer[3];
byte shown[3];                      /* the latest offer pushed to each agent */

bool due[OFFERS + 1];               /* the deadline has passed */
byte faults = FAULTS;

/* What was committed and told: no part of the machinery. */
bool timedOut[OFFERS + 1];
bool accepted[OFFERS + 1];
bool wasRefused[OFFERS + 1];        /* although it had not timed out */
byte toldOwner;                     /* the offer whose acceptance was acknowledged */
bool toldReceived;

/* Each promise is a flag that no run may raise. */
bool twoOwners, acceptedTwice, acceptedLate, receivedTwice, fencedNodeCommitted;
bool acknowledgementLost, refusedButAccepted;
#define must(promise, condition) if :: condition :: else -> promise = true; assert(!promise) fi

/* ---- The database ---- */

inline write(t) {
    if
    :: t.writes == received ->
        must(receivedTwice, !keys[0] && owner == nobody);
        owner = waiting; keys[0] = true
    :: t.writes == offerMade ->
        must(twoOwners, owner != held);
        owner = offered; offer = t.number
    :: t.writes == offerAccepted ->
        must(acceptedLate, !timedOut[t.number]);
        must(acceptedTwice, !accepted[t.number]);
        must(twoOwners, owner != held);
        must(refusedButAccepted, !wasRefused[t.number]);
        owner = held; offer = t.number; keys[t.number] = true; accepted[t.number] = true
    :: t.writes == offerTimedOut ->
        must(twoOwners, owner != held);
        owner = waiting; timedOut[t.number] = true
    fi;
    must(acknowledgementLost, toldOwner == 0 || (owner == held && offer == toldOwner));
    must(acknowledgementLost, !toldReceived || owner != nobody)
}

inline forget(t) { t.writes = 0; t.number = 0; t.epoch = 0 }

/* The lease row is locked and checked first, in the same transaction as everything else. */
inline apply(node, t, result) {
    if
#ifdef NO_EPOCH_CHECK
    :: true ->
#else
    :: ours(node, t.epoch) ->
#endif
#ifndef OUTCOMES_ONLY
        must(fencedNodeCommitted, ours(node, t.epoch));
#endif
        if :: ours(node, t.epoch) -> leaseIsLive = true :: else fi;
        write(t);
        result = ok
#ifndef NO_EPOCH_CHECK
    :: else -> result = fenced
#endif
    fi;
    forget(t)
}

/* A transaction that nobody waits for any more may be applied at any later time. */
proctype Database() {
    mtype unheard;
end:
    do
    :: atomic { sent[0].writes -> apply(0, sent[0], outcome[0]) }
    :: atomic { sent[1].writes -> apply(1, sent[1], outcome[1]) }
    :: atomic { lost[0].writes -> apply(0, lost[0], unheard); unheard = 0 }
    :: atomic { lost[1].writes -> apply(1, lost[1], unheard); unheard = 0 }
    od
}

/* ---- A node ---- */

inline raise(node) {
    epoch++; holder = node; leaseIsLive = true;
#ifndef NO_EPOCH_CHECK
    /* From now on the database refuses these, and nobody is told: the same as if they were gone. */
    forget(lost[0]); forget(lost[1])
#endif
}

inline reply(node, who, word) {
    requests[node].waits[who] = false;
    requests[node].number[who] = 0;
    if
    :: asks[who] && target[who] == node -> answer[who] = word
    :: else      /* its socket is gone */
    fi
}

inline acknowledge(node, who, what) {
    if
    :: who == 0 -> toldReceived = true; must(acknowledgementLost, owner != nobody)
    :: else -> toldOwner = what; must(acknowledgementLost, owner == held && offer == what)
    fi;
    reply(node, who, acknowledged)
}

inline dropRequests(node) {
    requests[node].waits[0] = false; requests[node].number[0] = 0;
    requests[node].waits[1] = false; requests[node].number[1] = 0;
    requests[node].waits[2] = false; requests[node].number[2] = 0
}

inline commit(node, what, which) {
    sent[node].writes = what; sent[node].number = which; sent[node].epoch = mine;
    deciding = which
}

/* The connection breaks: the transaction goes its own way, and its outcome is not heard. */
inline abandon(node) {
    if
    :: sent[node].writes ->
        lost[node].writes = sent[node].writes;
        lost[node].number = sent[node].number;
        lost[node].epoch = sent[node].epoch;
        forget(sent[node])
    :: else
    fi;
    outcome[node] = 0
}

inline forgetState() { mine = 0; memory = nobody; current = 0; isArmed = false; deciding = 0; doing = 0 }

proctype Node(bit me) {
    byte mine;              /* the epoch it believes to own the desk in */
    mtype memory = nobody;  /* the row as it knows it */
    byte current;           /* the offer in it */
    bool isArmed;           /* whether it watches the offer's deadline */
    mtype doing;            /* what is being committed */
    byte deciding;
    byte who;

standby:
    atomic { serves[me] = false; dropRequests(me); forgetState() };
endStandby:
    if
    :: atomic {
        holder == me || !leaseIsLive -> raise(me);
        if
        :: mine = epoch; goto loading
        :: faults > 0 -> faults--; goto standby     /* the answer is lost: ask again */
        fi
        }
    :: atomic { faults > 0 && !stopped[1 - me] -> faults--; stopped[me] = true; goto gone }
    fi;

    /* Raised and read in two transactions: somebody else may come between. */
loading:
    true;
    atomic {
        if
        :: ours(me, mine) ->
            memory = owner; current = offer;
#ifndef NO_STORED_DEADLINE
            isArmed = true;
#endif
#ifndef NO_RESUME
            if :: owner == offered -> shown[agentOf(offer)] = offer :: else fi;
#endif
            serves[me] = true
        :: else -> goto standby
        fi
    };

endOwning:
    if
    :: atomic { memory == waiting && current < OFFERS ->
        commit(me, offerMade, current + 1); doing = offerMade; goto committing }
    :: atomic { memory == offered && isArmed && due[current] ->
        commit(me, offerTimedOut, current); doing = offerTimedOut; goto committing }
    :: atomic { requests[me].waits[0] ->
        if
#ifndef NO_KEYS
        :: keys[0] -> acknowledge(me, 0, 0); goto endOwning
        :: !keys[0] ->
#else
        :: true ->
#endif
            commit(me, received, 0); doing = received; goto committing
        fi
        }
    :: atomic { requests[me].waits[1] -> who = 1; goto accepting }
    :: atomic { requests[me].waits[2] -> who = 2; goto accepting }
    :: atomic { !ours(me, mine) -> goto standby }   /* renewing the lease tells */
    :: atomic { faults > 0 -> faults--; goto standby }   /* it crashes and begins anew */
    fi;

accepting:
    atomic {
        deciding = requests[me].number[who];
        if
#ifndef NO_KEYS
        :: keys[deciding] -> acknowledge(me, who, deciding)
        :: else ->
#else
        :: true ->
#endif
            if
#ifdef NO_OFFER_DEADLINE_CHECK
            :: memory != held && memory != nobody ->
#else
            :: memory == offered && current == deciding && !due[deciding] ->
#endif
                commit(me, offerAccepted, deciding); doing = offerAccepted;
#ifdef RELEASE_BEFORE_COMMIT
                acknowledge(me, who, deciding);
#endif
                goto committing
#ifndef NO_OFFER_DEADLINE_CHECK
            :: memory == offered && current == deciding && due[deciding] && isArmed ->
                /* The clock goes first; the acceptance is decided after it. */
                commit(me, offerTimedOut, current); doing = offerTimedOut; goto committing
#endif
            :: else ->
                /* A refusal is not committed, so the lease must still be ours. */
                if
#ifndef STALE_REFUSAL
                :: !ours(me, mine) -> goto standby
                :: ours(me, mine) ->
#else
                :: true ->
#endif
                    wasRefused[deciding] = !timedOut[deciding];
                    must(refusedButAccepted, !accepted[deciding]);
                    reply(me, who, refused)
                fi
            fi
        fi;
        deciding = 0; who = 0; goto endOwning
    };

committing:
    if
    :: atomic { outcome[me] == ok -> outcome[me] = 0;
        if
        :: doing == received -> memory = waiting; acknowledge(me, 0, 0)
        :: doing == offerMade -> memory = offered; current = deciding; isArmed = true;
            shown[agentOf(deciding)] = deciding
        :: doing == offerAccepted -> memory = held; current = deciding;
            acknowledge(me, agentOf(deciding), deciding)
        :: doing == offerTimedOut -> memory = waiting
        fi;
        doing = 0; deciding = 0; who = 0; goto endOwning
        }
    :: atomic { outcome[me] == fenced -> outcome[me] = 0; goto standby }
    :: atomic { faults > 0 && !lost[me].writes -> faults--; abandon(me); serves[me] = false;
        goto raising }
    :: atomic { faults > 0 && !lost[me].writes -> faults--; abandon(me); goto standby }
    fi;

    /* Whether the commit was applied is not known: only in a higher epoch can it no longer be. What
     * was asked and is undecided stays. */
raising:
    atomic {
        doing = 0; deciding = 0; who = 0;
        if
        :: (holder == me && epoch >= mine) || !leaseIsLive ->
#ifdef NO_RAISE
            if :: holder == me :: else -> raise(me) fi;
#else
            raise(me);
#endif
            if
            :: mine = epoch; goto loading
            :: faults > 0 -> faults--; goto raising
            fi
        :: else -> goto standby
        fi
    };

gone:
    atomic { serves[me] = false; dropRequests(me); forgetState() }
}

/* ---- Askers ---- */

inline request(node) {
    target[me] = node; requests[node].number[me] = wish; requests[node].waits[me] = true
}

proctype Asker(byte me) {
    byte wish;      /* the number of the offer to accept */
    byte done;      /* the latest offer that was answered */
end:
    do
    :: atomic { me == 0 -> asks[me] = true; goto asking }
    :: atomic { me > 0 && shown[me] > done -> wish = shown[me]; asks[me] = true; goto asking }
    :: atomic { me == 1 && faults > 0 -> faults--; goto gone }
    od;

    /* A load balancer finds a node that says that it is the owner; two may. */
asking:
    if
    :: atomic { serves[0] -> request(0) }
    :: atomic { serves[1] -> request(1) }
    :: atomic { me == 1 && faults > 0 -> faults--; goto gone }
    fi;
    if
    :: atomic { answer[me] -> done = wish; wish = 0; answer[me] = 0; asks[me] = false }
    :: atomic { !answer[me] && !requests[target[me]].waits[me] -> goto asking }
    :: atomic { !answer[me] && faults > 0 -> faults--; goto asking }      /* loses patience */
    :: atomic { me == 1 && faults > 0 -> faults--; goto gone }
    fi;
    if
    :: me == 0
    :: me > 0 -> goto end
    fi;

gone:
    atomic { asks[me] = false; answer[me] = 0; wish = 0; done = 0 }
}

/* ---- Time ---- */

proctype Time() {
end:
    do
    :: atomic { owner == offered && offer < OFFERS && !due[offer] -> due[offer] = true }
    :: atomic { leaseIsLive && stopped[holder] -> leaseIsLive = false }
    :: atomic { leaseIsLive && faults > 0 -> faults--; leaseIsLive = false }  /* its holder pauses */
    od
}

#ifdef LIVENESS
/* With fairness spin judges endless runs alone, so a run that is stuck must be one. */
proctype Idle() {
    bool ticks;
    do
    :: ticks = !ticks
    od
}
#endif

init {
    atomic {
#ifdef LIVENESS
        run Idle();
#endif
        run Database(); run Node(0); run Node(1); run Asker(0); run Asker(2); run Time();
#ifndef AGENT_1_IS_AWAY
        run Asker(1)
#endif
    }
}

/* Faults stop, so: in the end somebody holds the conversation, and whoever asks is answered. */
ltl assigned { <> [] (owner == held) }
ltl answered { [] (asks[0] -> <> !asks[0]) && [] (asks[2] -> <> !asks[2]) }
