package dev.sparsecast.streams.drift;

import dev.sparsecast.schemas.DriftReport;
import dev.sparsecast.schemas.DriftState;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.streams.state.StoreKind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings the measurements of a group's layers together; a window is judged once all layers have measured it. */
public final class GroupDrift implements Processor<String, Measurement, String, DriftReport> {
    private static final Logger LOG = LoggerFactory.getLogger(GroupDrift.class);

    /** Windows that some layers have measured and others not; more than that only if some never will. */
    private static final int WAITING_WINDOWS = 8;

    private final DriftSettings settings;
    private ProcessorContext<String, DriftReport> context;
    private KeyValueStore<String, GroupProgress> groups;
    private KeyValueStore<String, DriftHistory> histories;

    @SuppressWarnings("NullAway.Init") // Kafka Streams calls init before anything else
    private GroupDrift(DriftSettings settings) {
        this.settings = settings;
    }

    static ProcessorSupplier<String, Measurement, String, DriftReport> supplier(
            DriftSettings settings, StoreKind stores) {
        return new ProcessorSupplier<>() {
            @Override
            public Processor<String, Measurement, String, DriftReport> get() {
                return new GroupDrift(settings);
            }

            @Override
            public Set<StoreBuilder<?>> stores() {
                return DriftStores.ofGroups(stores);
            }
        };
    }

    @Override
    public void init(ProcessorContext<String, DriftReport> processorContext) {
        context = processorContext;
        groups = context.getStateStore(DriftStores.GROUPS);
        histories = context.getStateStore(DriftStores.HISTORY);
    }

    @Override
    public void process(Record<String, Measurement> record) {
        Measurement measured = record.value();
        GroupProgress progress = groups.get(record.key());
        if (progress == null) {
            progress = GroupProgress.start();
        }
        List<Measurement> ofWindow = new ArrayList<>(progress.waiting().stream()
                .filter(other -> other.window().matches(measured.window()) && other.layer() != measured.layer())
                .toList());
        ofWindow.add(measured);
        if (ofWindow.size() < measured.layers()) {
            groups.put(record.key(), new GroupProgress(progress.verdict(), waiting(progress, measured)));
            return;
        }
        ofWindow.sort(Comparator.comparingInt(Measurement::layer));
        Judgement judgement = Judgement.of(settings, progress.verdict(), ofWindow);
        tell(record.key(), progress.verdict().state(), judgement.report());
        groups.put(record.key(), new GroupProgress(judgement.verdict(), newerThan(progress, measured)));
        keep(record.key(), judgement.report());
        context.forward(new Record<>(record.key(), judgement.report(), record.timestamp()));
    }

    private void keep(String key, DriftReport report) {
        DriftHistory before = histories.get(key);
        histories.put(key, (before == null ? DriftHistory.EMPTY : before).plus(report));
    }

    private static List<Measurement> waiting(GroupProgress progress, Measurement measured) {
        List<Measurement> waiting = new ArrayList<>(progress.waiting());
        waiting.add(measured);
        while (waiting.size() > WAITING_WINDOWS * measured.layers()) {
            waiting.removeFirst();
        }
        return waiting;
    }

    /** What still waits once a window is judged: older ones never will be. */
    private static List<Measurement> newerThan(GroupProgress progress, Measurement measured) {
        return progress.waiting().stream()
                .filter(other ->
                        other.window().lifetimeTokens() > measured.window().lifetimeTokens())
                .toList();
    }

    private static void tell(String key, DriftState before, DriftReport report) {
        if (report.state() != before) {
            GroupKey group = GroupKey.parse(key);
            LOG.atInfo()
                    .addKeyValue("model", group.model())
                    .addKeyValue("language", group.language())
                    .addKeyValue("domain", group.domain())
                    .addKeyValue("epoch", report.epoch())
                    .addKeyValue("submodel", report.referenceSubmodel())
                    .addKeyValue("version", report.referenceVersion())
                    .log(
                            "Drift went from {} to {} (effect {}, threshold {})",
                            before,
                            report.state(),
                            report.effect(),
                            report.threshold());
        }
    }
}
