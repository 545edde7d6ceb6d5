package dev.sparsecast.schemas.serde;

import dev.sparsecast.schemas.SubModelCommand;
import dev.sparsecast.schemas.SubModelDecision;
import dev.sparsecast.schemas.SubModelRelease.LossDifference;
import dev.sparsecast.schemas.SubModelRelease.Quality;
import dev.sparsecast.schemas.SubModelRelease.Signature;
import dev.sparsecast.schemas.avro.FigureDifference;
import dev.sparsecast.schemas.avro.GateFigures;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** The mappings of commands and decisions. */
final class CommandMapping {
    private CommandMapping() {}

    static final AvroMapping<SubModelCommand, dev.sparsecast.schemas.avro.SubModelCommand> COMMAND = Mappings.mapping(
            dev.sparsecast.schemas.avro.SubModelCommand.class,
            command -> new dev.sparsecast.schemas.avro.SubModelCommand(
                    command.id(),
                    command.model(),
                    command.submodel(),
                    command.action().label(),
                    nullable(command.version()),
                    command.newest(),
                    command.issuer(),
                    command.reason(),
                    command.issuedAt(),
                    command.keyId(),
                    ByteBuffer.wrap(command.signature().bytes())),
            avro -> new SubModelCommand(
                    avro.getId(),
                    avro.getModel(),
                    avro.getSubmodel(),
                    SubModelCommand.Action.valueOf(avro.getAction().toUpperCase(Locale.ROOT)),
                    optional(avro.getVersion()),
                    avro.getNewest(),
                    avro.getIssuer(),
                    avro.getReason(),
                    avro.getIssuedAt(),
                    avro.getKeyId(),
                    Signature.of(Numbers.bytes(avro.getSignature()))));

    static final AvroMapping<SubModelDecision, dev.sparsecast.schemas.avro.SubModelDecision> DECISION =
            Mappings.mapping(
                    dev.sparsecast.schemas.avro.SubModelDecision.class,
                    decision -> new dev.sparsecast.schemas.avro.SubModelDecision(
                            decision.model(),
                            decision.submodel(),
                            decision.at(),
                            decision.outcome().label(),
                            decision.reason(),
                            decision.trigger(),
                            nullable(decision.version()),
                            decision.command(),
                            decision.ingredients(),
                            decision.maskDigest(),
                            decision.figures().map(CommandMapping::figures).orElse(null),
                            decision.stageMillis()),
                    avro -> new SubModelDecision(
                            avro.getModel(),
                            avro.getSubmodel(),
                            avro.getAt(),
                            SubModelDecision.Outcome.valueOf(avro.getOutcome().toUpperCase(Locale.ROOT)),
                            avro.getReason(),
                            avro.getTrigger(),
                            optional(avro.getVersion()),
                            avro.getCommand(),
                            avro.getIngredients(),
                            avro.getMaskDigest(),
                            Optional.ofNullable(avro.getFigures()).map(CommandMapping::quality),
                            avro.getStageMillis()));

    private static GateFigures figures(Quality quality) {
        return new GateFigures(
                quality.prompts(),
                quality.tokens(),
                quality.dense(),
                quality.candidate(),
                quality.current().isPresent() ? (Double) quality.current().getAsDouble() : null,
                difference(quality.differenceToDense()),
                difference(quality.differenceToCurrent()));
    }

    private static @Nullable FigureDifference difference(Optional<LossDifference> difference) {
        return difference
                .map(known -> new FigureDifference(known.mean(), known.low(), known.high(), known.confidence()))
                .orElse(null);
    }

    private static Quality quality(GateFigures figures) {
        @Nullable Double current = figures.getCurrentPerplexity();
        return new Quality(
                figures.getPrompts(),
                figures.getTokens(),
                figures.getDensePerplexity(),
                figures.getCandidatePerplexity(),
                current == null ? OptionalDouble.empty() : OptionalDouble.of(current),
                difference(figures.getDifferenceToDense()),
                difference(figures.getDifferenceToCurrent()));
    }

    private static Optional<LossDifference> difference(@Nullable FigureDifference difference) {
        return Optional.ofNullable(difference)
                .map(known ->
                        new LossDifference(known.getMean(), known.getLow(), known.getHigh(), known.getConfidence()));
    }

    private static @Nullable Integer nullable(OptionalInt value) {
        return value.isPresent() ? (Integer) value.getAsInt() : null;
    }

    private static OptionalInt optional(@Nullable Integer value) {
        return value == null ? OptionalInt.empty() : OptionalInt.of(value);
    }
}
