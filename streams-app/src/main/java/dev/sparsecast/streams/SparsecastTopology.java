package dev.sparsecast.streams;

import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import dev.sparsecast.streams.drift.DriftTopology;
import dev.sparsecast.streams.state.StoreKind;
import dev.sparsecast.streams.statistics.RunningStatistics;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;

/** The whole topology of the streams app. */
public final class SparsecastTopology {
    private SparsecastTopology() {}

    /**
     * Norms to running statistics, and these and releases to drift reports.
     *
     * @param stores where state is kept
     * @param serdes serdes of the topics' values
     */
    public static Topology build(StreamsSettings settings, StoreKind stores, SparsecastSerdes serdes) {
        StreamsBuilder builder = new StreamsBuilder();
        KStream<String, ActivationNorms> norms = builder.stream(
                Topics.ACTIVATION_NORMS,
                Consumed.with(Serdes.String(), serdes.activationNorms()).withName("norms-source"));
        KStream<String, ActivationStatistics> statistics =
                norms.process(RunningStatistics.supplier(settings.epochs(), stores), Named.as("running-statistics"));
        statistics.to(
                Topics.ACTIVATION_STATISTICS,
                Produced.with(Serdes.String(), serdes.activationStatistics()).withName("statistics-sink"));
        DriftTopology.build(builder, settings.drift(), stores, statistics, serdes.releases())
                .to(
                        Topics.ACTIVATION_DRIFT,
                        Produced.with(Serdes.String(), serdes.driftReports()).withName("drift-sink"));
        return builder.build();
    }
}
