package dev.sparsecast.it.faults;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What was done in a run and what it withstood.
 *
 * @param done how often what was done to whom
 * @param kills SIGKILLs
 * @param killsOfReady SIGKILLs of a process that had said it was ready
 * @param ownEnds standard error of services that ended by themselves because of what happened to others
 * @param releases sub-model versions, all checked
 * @param checkpoints deployed versions whose every weight was checked in the end
 */
record FaultReport(
        FaultPlan plan,
        Map<String, Map<Fault, Integer>> done,
        int kills,
        int killsOfReady,
        Map<String, List<Path>> ownEnds,
        Audit.Findings findings,
        int releases,
        int checkpoints,
        Duration duration) {

    /** As Markdown. */
    String text() throws IOException {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                """
                Seed %d, %d kills (%d of them of a process that was ready), %.0f minutes.

                | process | %s | ended by itself |
                | --- | --- | --- | --- | --- | --- |
                """,
                plan.seed(),
                kills,
                killsOfReady,
                duration.toSeconds() / 60.0,
                String.join(
                        " | ",
                        java.util.Arrays.stream(Fault.values()).map(Fault::told).toList())));
        for (Map.Entry<String, Map<Fault, Integer>> actor : new TreeMap<>(done).entrySet()) {
            text.append("| ").append(actor.getKey());
            for (Fault fault : Fault.values()) {
                text.append(" | ").append(actor.getValue().getOrDefault(fault, 0));
            }
            text.append(" | ")
                    .append(ownEnds.getOrDefault(actor.getKey(), List.of()).size())
                    .append(" |\n");
        }
        text.append(String.format(
                Locale.ROOT,
                """

                | found | |
                | --- | --- |
                | prompts sent | %,d |
                | of these not held out, and counted exactly once in every layer | %,d |
                | tokens, equal in every layer and to a run without faults | %,d |
                | flushes (transactions of workers), the same in every layer of a group | %,d |
                | largest relative difference of a Σx² from the plain float64 sum of all flushes | %.1e |
                | largest relative difference of a Σx² from a run without faults (float32 forward pass in other batches) | %.1e |
                | releases, each recomputed from the exact statistics that it names | %,d |
                | deployed versions on disk in the end, checked weight by weight | %,d |
                """,
                findings.sent(),
                findings.counted(),
                findings.tokens(),
                findings.flushes(),
                findings.additionError(),
                findings.faultFreeError(),
                releases,
                checkpoints));
        return text.toString();
    }

    /** The reasons why services ended by themselves. */
    String reasons() throws IOException {
        StringBuilder text = new StringBuilder();
        for (Map.Entry<String, List<Path>> actor : new TreeMap<>(ownEnds).entrySet()) {
            for (Path errors : actor.getValue()) {
                text.append(actor.getKey())
                        .append(":\n")
                        .append(Actor.tail(errors))
                        .append('\n');
            }
        }
        return text.toString();
    }
}
