package dev.sparsecast.schemas.serde;

import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.DriftState;
import dev.sparsecast.schemas.FlushDigest;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.SourceSketch;
import dev.sparsecast.schemas.SubModelDeployment;
import dev.sparsecast.schemas.TapDrift;
import dev.sparsecast.schemas.TapNorms;
import dev.sparsecast.schemas.TapTotals;
import dev.sparsecast.schemas.Totals;
import java.nio.ByteBuffer;
import java.util.function.Function;
import org.apache.avro.specific.SpecificRecord;

/** The mappings of all records but the release ({@link ReleaseMapping}). */
final class Mappings {
    private Mappings() {}

    static final AvroMapping<Prompt, dev.sparsecast.schemas.avro.Prompt> PROMPT = mapping(
            dev.sparsecast.schemas.avro.Prompt.class,
            prompt -> new dev.sparsecast.schemas.avro.Prompt(
                    prompt.id(),
                    prompt.language(),
                    prompt.domain(),
                    prompt.text(),
                    prompt.source(),
                    prompt.attributes()),
            avro -> new Prompt(
                    avro.getId(),
                    avro.getLanguage(),
                    avro.getDomain(),
                    avro.getText(),
                    avro.getSource(),
                    avro.getAttributes()));

    static final AvroMapping<ActivationNorms, dev.sparsecast.schemas.avro.ActivationNorms> NORMS = mapping(
            dev.sparsecast.schemas.avro.ActivationNorms.class,
            norms -> new dev.sparsecast.schemas.avro.ActivationNorms(
                    norms.flushId(),
                    norms.worker(),
                    norms.flushedAt(),
                    norms.layers(),
                    norms.tokens(),
                    norms.prompts(),
                    norms.distinctSources(),
                    norms.taps().stream().map(Mappings::toAvro).toList(),
                    ByteBuffer.wrap(norms.sources().toBytes())),
            avro -> new ActivationNorms(
                    avro.getFlushId(),
                    avro.getWorker(),
                    avro.getFlushedAt(),
                    avro.getLayers(),
                    avro.getTokens(),
                    avro.getPrompts(),
                    avro.getDistinctSources(),
                    SourceSketch.ofBytes(Numbers.bytes(avro.getSourceSketch())),
                    avro.getTaps().stream().map(Mappings::fromAvro).toList()));

    static final AvroMapping<ActivationStatistics, dev.sparsecast.schemas.avro.ActivationStatistics> STATISTICS =
            mapping(
                    dev.sparsecast.schemas.avro.ActivationStatistics.class,
                    statistics -> new dev.sparsecast.schemas.avro.ActivationStatistics(
                            statistics.layers(),
                            statistics.epoch(),
                            statistics.epochMillis(),
                            statistics.flushes(),
                            statistics.flushDigest().value(),
                            statistics.lastFlushAt(),
                            statistics.distinctSources(),
                            toAvro(statistics.lifetime()),
                            toAvro(statistics.decayed()),
                            statistics.halfLifeTokens()),
                    avro -> new ActivationStatistics(
                            avro.getLayers(),
                            avro.getEpoch(),
                            avro.getEpochMillis(),
                            avro.getFlushes(),
                            new FlushDigest(avro.getFlushDigest()),
                            avro.getLastFlushAt(),
                            avro.getDistinctSources(),
                            fromAvro(avro.getLifetime()),
                            fromAvro(avro.getDecayed()),
                            avro.getHalfLifeTokens()));

    static final AvroMapping<DriftReport, dev.sparsecast.schemas.avro.DriftReport> DRIFT = mapping(
            dev.sparsecast.schemas.avro.DriftReport.class,
            report -> new dev.sparsecast.schemas.avro.DriftReport(
                    report.epoch(),
                    report.at(),
                    dev.sparsecast.schemas.avro.DriftState.valueOf(
                            report.state().name()),
                    report.effect(),
                    report.noiseFloor(),
                    report.threshold(),
                    report.windowTokens(),
                    report.referenceSubmodel(),
                    report.referenceVersion(),
                    report.measurements().stream()
                            .map(tap -> new dev.sparsecast.schemas.avro.TapDrift(
                                    tap.layer(), tap.tap(), tap.effect(), tap.cosineDistance(), tap.noiseFloor()))
                            .toList(),
                    report.driftingLayers()),
            avro -> new DriftReport(
                    avro.getEpoch(),
                    avro.getAt(),
                    DriftState.valueOf(avro.getState().name()),
                    avro.getEffect(),
                    avro.getNoiseFloor(),
                    avro.getThreshold(),
                    avro.getWindowTokens(),
                    avro.getReferenceSubmodel(),
                    avro.getReferenceVersion(),
                    avro.getMeasurements().stream()
                            .map(tap -> new TapDrift(
                                    tap.getLayer(),
                                    tap.getTap(),
                                    tap.getEffect(),
                                    tap.getCosineDistance(),
                                    tap.getNoiseFloor()))
                            .toList(),
                    avro.getDriftingLayers()));

    static final AvroMapping<SubModelDeployment, dev.sparsecast.schemas.avro.SubModelDeployment> DEPLOYMENT = mapping(
            dev.sparsecast.schemas.avro.SubModelDeployment.class,
            deployment -> new dev.sparsecast.schemas.avro.SubModelDeployment(
                    deployment.model(),
                    deployment.submodel(),
                    deployment.deployer(),
                    deployment.version(),
                    dev.sparsecast.schemas.avro.DeploymentState.valueOf(
                            deployment.state().name()),
                    deployment.reason(),
                    deployment.directory(),
                    deployment.maskDigest(),
                    deployment.receivedAt(),
                    deployment.finishedAt(),
                    deployment.stageMillis()),
            avro -> new SubModelDeployment(
                    avro.getModel(),
                    avro.getSubmodel(),
                    avro.getDeployer(),
                    avro.getVersion(),
                    SubModelDeployment.State.valueOf(avro.getState().name()),
                    avro.getReason(),
                    avro.getDirectory(),
                    avro.getMaskDigest(),
                    avro.getReceivedAt(),
                    avro.getFinishedAt(),
                    avro.getStageMillis()));

    private static dev.sparsecast.schemas.avro.TapNorms toAvro(TapNorms tap) {
        return new dev.sparsecast.schemas.avro.TapNorms(
                tap.tap(), tap.channels(), Numbers.bytes(tap.sumSquares()), Numbers.bytes(tap.sum()));
    }

    private static TapNorms fromAvro(dev.sparsecast.schemas.avro.TapNorms tap) {
        String what = "tap '" + tap.getTap() + "'";
        return new TapNorms(
                tap.getTap(),
                Numbers.floats(what, tap.getSumSquares(), tap.getChannels()),
                Numbers.floats(what, tap.getSum(), tap.getChannels()));
    }

    private static dev.sparsecast.schemas.avro.Totals toAvro(Totals totals) {
        return new dev.sparsecast.schemas.avro.Totals(
                totals.tokens(),
                totals.prompts(),
                totals.taps().stream()
                        .map(tap -> new dev.sparsecast.schemas.avro.TapTotals(
                                tap.tap(), tap.channels(), Numbers.bytes(tap.sumSquares()), Numbers.bytes(tap.sum())))
                        .toList());
    }

    private static Totals fromAvro(dev.sparsecast.schemas.avro.Totals totals) {
        return new Totals(
                totals.getTokens(),
                totals.getPrompts(),
                totals.getTaps().stream()
                        .map(tap -> {
                            String what = "tap '" + tap.getTap() + "'";
                            return new TapTotals(
                                    tap.getTap(),
                                    Numbers.doubles(what, tap.getSumSquares(), tap.getChannels()),
                                    Numbers.doubles(what, tap.getSum(), tap.getChannels()));
                        })
                        .toList());
    }

    static <T, A extends SpecificRecord> AvroMapping<T, A> mapping(
            Class<A> avroType, Function<T, A> toAvro, Function<A, T> fromAvro) {
        return new AvroMapping<>() {
            @Override
            public Class<A> avroType() {
                return avroType;
            }

            @Override
            public A toAvro(T value) {
                return toAvro.apply(value);
            }

            @Override
            public T fromAvro(A value) {
                return fromAvro.apply(value);
            }
        };
    }
}
