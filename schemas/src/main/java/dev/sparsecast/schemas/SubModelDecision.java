package dev.sparsecast.schemas;

import dev.sparsecast.schemas.SubModelRelease.Quality;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a pruner decided about a candidate or a command, with the figures. A decision that announces a release is
 * published with it, in one transaction.
 *
 * @param reason a sentence for people
 * @param trigger why the candidate was made; empty for a command that makes none
 * @param version the version that was announced with it
 * @param command id of the command that it answers; empty if none
 * @param ingredients all that the candidate's mask depends on; empty without one
 * @param maskDigest of the candidate; empty without one
 * @param figures what the gate measured
 * @param stageMillis how long each part took, in milliseconds
 */
public record SubModelDecision(
        String model,
        String submodel,
        Instant at,
        Outcome outcome,
        String reason,
        String trigger,
        OptionalInt version,
        String command,
        String ingredients,
        String maskDigest,
        Optional<Quality> figures,
        Map<String, Long> stageMillis) {
    public SubModelDecision {
        stageMillis = Map.copyOf(stageMillis);
    }

    /** The answer to a command that makes no candidate. */
    public static SubModelDecision answer(
            SubModelCommand command, Instant at, Outcome outcome, String reason, OptionalInt version) {
        return new SubModelDecision(
                command.model(),
                command.submodel(),
                at,
                outcome,
                reason,
                "",
                version,
                command.id(),
                "",
                "",
                Optional.empty(),
                Map.of());
    }

    /** The same decision as the answer to a command. */
    public SubModelDecision answering(String commandId) {
        return new SubModelDecision(
                model,
                submodel,
                at,
                outcome,
                reason,
                trigger,
                version,
                commandId,
                ingredients,
                maskDigest,
                figures,
                stageMillis);
    }

    /** The same decision with the version that it announces. */
    public SubModelDecision announcing(int newVersion) {
        return new SubModelDecision(
                model,
                submodel,
                at,
                outcome,
                reason,
                trigger,
                OptionalInt.of(newVersion),
                command,
                ingredients,
                maskDigest,
                figures,
                stageMillis);
    }

    public SubModelKey key() {
        return new SubModelKey(model, submodel);
    }

    /** What was decided. */
    public enum Outcome {
        /** The candidate was good enough and was announced. */
        PROMOTED,
        /** The candidate was worse than allowed. */
        REJECTED,
        /** The candidate is neither shown to be good enough nor worse; more held-out prompts are waited for. */
        HELD,
        /** The command was carried out. */
        DONE,
        /** The command was not carried out, and will not be. */
        REFUSED;

        /** The name in records and reports, such as {@code promoted}. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
