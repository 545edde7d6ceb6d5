package dev.sparsecast.it;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import dev.sparsecast.cli.cluster.TopicSetup;
import dev.sparsecast.console.ConsoleServer;
import dev.sparsecast.console.ConsoleSettings;
import dev.sparsecast.console.state.PipelineState;
import dev.sparsecast.schemas.ActivationNorms;
import dev.sparsecast.schemas.ActivationStatistics;
import dev.sparsecast.schemas.FlushDigest;
import dev.sparsecast.schemas.GroupKey;
import dev.sparsecast.schemas.Prompt;
import dev.sparsecast.schemas.Samples;
import dev.sparsecast.schemas.TapNorms;
import dev.sparsecast.schemas.TapTotals;
import dev.sparsecast.schemas.Topics;
import dev.sparsecast.schemas.Totals;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import dev.sparsecast.schemas.cluster.TopicCatalogue;
import dev.sparsecast.schemas.serde.SparsecastSerdes;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The console in a real browser, and over a real broker. */
@ExtendWith(StackExtension.class)
@Timeout(180)
class ConsoleIT {
    private static final GroupKey PYTHON = new GroupKey("tiny-coder@0123456789ab", "python", "code");
    private static final String MARKUP = "<img src=x onerror=alert(1)>";
    private static final int LAYERS = 2;

    @ParameterizedTest
    @EnumSource(
            value = ColorScheme.class,
            names = {"LIGHT", "DARK"})
    void thePageShowsThePipelineAndFollowsIt(ColorScheme colors) {
        PipelineState state = new PipelineState();
        fill(state);
        try (ConsoleServer server = ConsoleServer.start(ConsoleSettings.onPort(0), state);
                Browser browser = Browser.open(server.address(), 1440, colors)) {
            Page page = browser.page();

            assertThat(page.locator("#connection")).hasText("Live");
            assertThat(page.locator("[data-stage=prompts] .figure")).hasText("3");
            assertThat(rows(page, "sc-groups")).hasCount(1);
            assertThat(rows(page, "sc-groups").first()).containsText("python");
            assertThat(rows(page, "sc-groups").first()).containsText("Complete");
            assertThat(rows(page, "sc-groups").first()).containsText("Drifting");
            assertThat(rows(page, "sc-releases").first()).containsText("v2");
            assertThat(rows(page, "sc-deployments").first()).containsText("Deployed");
            assertThat(rows(page, "sc-troubles").first()).containsText("dead-letters.prompts.java");
            assertThat(page.locator("sc-throughput canvas")).isVisible();
            assertThat(page.locator("sc-drift canvas")).isVisible();
            assertThat(page.locator("canvas.heat")).isVisible();
            assertThat(page.locator("sc-story li")).hasCount(2);

            state.prompt(prompt("later"), Instant.now());
            state.problem("Kafka at localhost:9092 does not answer");

            assertThat(page.locator("[data-stage=prompts] .figure")).hasText("4");
            assertThat(page.locator("#problem")).hasText("Kafka at localhost:9092 does not answer");
            assertThat(browser.complaints()).isEmpty();
        }
    }

    @Test
    void textFromTheTopicsNeverBecomesMarkup() {
        PipelineState state = new PipelineState();
        fill(state);
        state.norms(PYTHON.layer(0), norms(MARKUP));
        state.deadLetter("dead-letters.prompts.cpp", MARKUP);
        try (ConsoleServer server = ConsoleServer.start(ConsoleSettings.onPort(0), state);
                Browser browser = Browser.open(server.address(), 1440, ColorScheme.LIGHT)) {
            Page page = browser.page();

            assertThat(rows(page, "sc-workers").first()).containsText(MARKUP);
            assertThat(page.locator("sc-troubles")).containsText(MARKUP);
            assertThat(page.locator("img[onerror]")).hasCount(0);
            assertThat(browser.complaints()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {360, 768, 1920})
    void nothingIsWiderThanTheWindow(int width) {
        PipelineState state = new PipelineState();
        fill(state);
        try (ConsoleServer server = ConsoleServer.start(ConsoleSettings.onPort(0), state);
                Browser browser = Browser.open(server.address(), width, ColorScheme.LIGHT)) {
            assertThat(rows(browser.page(), "sc-releases")).hasCount(1);
            Object overflow = browser.page()
                    .evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
            assertThat(overflow).isEqualTo(0);
        }
    }

    @Test
    void groupsAreChosenAndMapsReadByKeyboard() {
        PipelineState state = new PipelineState();
        fill(state);
        state.statistics(new GroupKey(PYTHON.model(), "java", "code").layer(0), statistics());
        try (ConsoleServer server = ConsoleServer.start(ConsoleSettings.onPort(0), state);
                Browser browser = Browser.open(server.address(), 1440, ColorScheme.LIGHT)) {
            Page page = browser.page();
            Locator java =
                    page.locator("sc-groups button.row-button").filter(new Locator.FilterOptions().setHasText("java"));
            java.focus();
            page.keyboard().press("Enter");
            assertThat(java).hasAttribute("aria-pressed", "true");
            assertThat(page.locator("#drift-subtitle")).containsText("java");

            page.locator("#heat-mode button").last().press("Enter");
            assertThat(page.locator("canvas.heat")).isVisible();
            page.locator("canvas.heat").focus();
            page.keyboard().press("ArrowDown");
            assertThat(page.locator("#tooltip")).containsText("layer ");
            assertThat(browser.complaints()).isEmpty();
        }
    }

    @Test
    void anEmptyPipelineSaysWhatIsMissing() {
        try (ConsoleServer server = ConsoleServer.start(ConsoleSettings.onPort(0), new PipelineState());
                Browser browser = Browser.open(server.address(), 1440, ColorScheme.DARK)) {
            assertThat(browser.page().locator("sc-groups")).containsText("No statistics yet");
            assertThat(browser.page().locator("sc-releases")).containsText("No release yet");
            assertThat(browser.complaints()).isEmpty();
        }
    }

    @Test
    void itFollowsRealTopicsCommittedRecordsOnly(ClusterSettings cluster) throws Exception {
        try (ConsoleServer server = ConsoleServer.start(ConsoleSettings.onPort(0), cluster)) {
            await().atMost(Duration.ofSeconds(60)).until(server.state()::isReady);
            try (Admin admin = Admin.create(cluster.client(Map.of()))) {
                TopicSetup.create(admin, TopicCatalogue.topics(List.of("console"), 2), Optional.empty());
            }
            send(cluster, "console");

            await().atMost(Duration.ofSeconds(60)).until(() -> prompts(server, "console") == 2);
            assertThat(server.state().view().feed().problem()).isEmpty();
        }
    }

    /** Two prompts that are committed, and between them one that is not. */
    private static void send(ClusterSettings cluster, String language) {
        String topic = Topics.prompts(language);
        try (Serde<Prompt> serde = new SparsecastSerdes(cluster).prompts();
                KafkaProducer<String, Prompt> producer = new KafkaProducer<>(
                        cluster.client(Map.of("transactional.id", "console-it")),
                        new StringSerializer(),
                        serde.serializer())) {
            producer.initTransactions();
            for (String id : List.of("one", "aborted", "two")) {
                producer.beginTransaction();
                producer.send(new ProducerRecord<>(topic, 0, id, new Prompt(id, language, "code", "t", "", Map.of())));
                if (id.equals("aborted")) {
                    producer.flush();
                    producer.abortTransaction();
                } else {
                    producer.commitTransaction();
                }
            }
        }
    }

    private static long prompts(ConsoleServer server, String language) {
        return server.state().view().traffic().languages().stream()
                .filter(traffic -> traffic.language().equals(language))
                .mapToLong(traffic -> traffic.prompts())
                .sum();
    }

    private static Locator rows(Page page, String part) {
        return page.locator(part + " tbody tr");
    }

    private static void fill(PipelineState state) {
        for (int i = 0; i < 3; i++) {
            state.prompt(prompt("p-" + i), Instant.now().minusSeconds(4));
        }
        state.norms(PYTHON.layer(0), norms("worker-1"));
        for (int layer = 0; layer < LAYERS; layer++) {
            state.statistics(PYTHON.layer(layer), statistics());
        }
        state.drift(PYTHON, Samples.drift());
        state.release(Samples.release());
        state.deployment(Samples.deployment());
        state.deadLetter("dead-letters.prompts.java", "no text");
        state.caughtUp();
    }

    private static Prompt prompt(String id) {
        return new Prompt(id, "python", "code", "text", "", Map.of());
    }

    private static ActivationNorms norms(String worker) {
        return new ActivationNorms(
                "flush",
                worker,
                Instant.now(),
                LAYERS,
                100,
                3,
                1,
                List.of(new TapNorms("mlp_input", new float[] {1}, new float[] {1})));
    }

    private static ActivationStatistics statistics() {
        Totals totals =
                new Totals(100, 3, List.of(new TapTotals("mlp_input", new double[] {1, 4}, new double[] {0, 0})));
        return new ActivationStatistics(
                LAYERS, 1, 1000, 1, FlushDigest.EMPTY.plus("flush"), Instant.now(), 1, totals, totals, 1000);
    }
}
