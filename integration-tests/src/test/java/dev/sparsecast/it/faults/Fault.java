package dev.sparsecast.it.faults;

/** What can be done to a process. */
enum Fault {
    /** SIGKILL; it is started again at once. */
    KILL("killed"),
    /** SIGSTOP for one to three seconds. */
    SHORT_PAUSE("paused for 1–3 s"),
    /** SIGSTOP until its sessions and transactions have timed out, and some of the time longer than that. */
    LONG_PAUSE("paused past its time-outs"),
    /** SIGTERM, as when a service is updated. */
    RESTART("restarted in order");

    private final String told;

    Fault(String told) {
        this.told = told;
    }

    String told() {
        return told;
    }
}
