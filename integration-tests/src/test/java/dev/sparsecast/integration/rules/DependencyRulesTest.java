package dev.sparsecast.integration.rules;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static dev.sparsecast.integration.rules.ProjectClasses.module;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Who may know whom. */
class DependencyRulesTest {
    private static final String GENERATED = "dev.sparsecast.schemas.avro..";
    private static final String[] HTTP = {"java.net.http..", "com.sun.net.httpserver..", "io.javalin.."};
    private static final String[] CLIENTS = {
        "org.apache.kafka.clients.consumer..", "org.apache.kafka.clients.producer..", "org.apache.kafka.clients.admin.."
    };

    /** Module by module: the modules that it may use. Whatever is not named here may use everything. */
    private static final Map<String, Set<String>> ALLOWED = Map.ofEntries(
            Map.entry("schemas", Set.of()),
            Map.entry("checkpoint", Set.of()),
            Map.entry("store", Set.of()),
            Map.entry("wanda", Set.of("checkpoint")),
            Map.entry("producers", Set.of("schemas")),
            Map.entry("worker", Set.of("schemas", "checkpoint")),
            Map.entry("streams", Set.of("schemas")),
            Map.entry("pruner", Set.of("schemas", "checkpoint", "wanda", "store", "worker")),
            Map.entry("deployer", Set.of("schemas", "checkpoint", "wanda", "store")),
            Map.entry("feed", Set.of("schemas", "store")),
            Map.entry("console", Set.of("schemas")));

    /** Modules that nothing of ours may be built on. */
    private static final Set<String> ON_TOP = Set.of("cli", "benchmarks");

    static Stream<String> restrictedModules() {
        return ALLOWED.keySet().stream().sorted();
    }

    @Test
    void theClassesOfTheModulesAreSeen() {
        assertThat(modulesSeen()).contains("schemas", "checkpoint", "store", "wanda", "producers", "worker", "cli");
    }

    @Test
    void everyModuleHasItsPlaceInTheRules() {
        Set<String> known = new TreeSet<>(ALLOWED.keySet());
        known.addAll(ON_TOP);

        assertThat(known).containsAll(modulesSeen());
    }

    @ParameterizedTest
    @MethodSource("restrictedModules")
    void aModuleUsesOnlyTheModulesItMay(String module) {
        Stream<String> allowed = Stream.concat(ALLOWED.get(module).stream(), Stream.of(module));
        String[] packages = allowed.map(ProjectClasses::module).toArray(String[]::new);

        check(noClasses()
                .that()
                .resideInAPackage(module(module))
                .should()
                .dependOnClassesThat(resideInAPackage("dev.sparsecast..").and(not(resideInAnyPackage(packages))))
                .because("DependencyRulesTest lists what each module may use"));
    }

    @Test
    void modulesHaveNoCycles() {
        check(slices().matching("dev.sparsecast.(*)..").should().beFreeOfCycles());
    }

    @Test
    void numericsNeverSeeKafkaOrDjlOrHttp() {
        check(never(module("wanda"), "org.apache.kafka..", "ai.djl.."));
        check(never(module("wanda"), HTTP));
    }

    @Test
    void checkpointsNeverSeeKafkaOrTheEngine() {
        check(never(
                module("checkpoint"), "org.apache.kafka..", "ai.djl.pytorch..", "ai.djl.engine..", "ai.djl.ndarray.."));
    }

    @Test
    void topologiesNeverSeeClients() {
        check(noClasses()
                .that(resideInAPackage("..topology..")
                        .or(resideInAPackage(module("streams"))
                                .and(JavaClass.Predicates.simpleNameEndingWith("Topology"))))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(CLIENTS));
    }

    @Test
    void generatedAvroClassesStayInsideSchemas() {
        check(classes()
                .that()
                .resideInAPackage(GENERATED)
                .should()
                .onlyBeAccessed()
                .byAnyPackage(module("schemas")));
        check(noClasses()
                .that()
                .resideOutsideOfPackage(module("schemas"))
                .should()
                .dependOnClassesThat()
                .resideInAPackage(GENERATED));
    }

    @Test
    void theRulesSeeWhatIsForbidden() {
        assertThat(violations(never(module("schemas"), "org.apache.kafka.."))).isNotEmpty();
        assertThat(violations(never(module("worker"), "ai.djl.."))).isNotEmpty();
        assertThat(violations(never(module("wanda"), module("checkpoint")))).isNotEmpty();
        assertThat(violations(never("dev.sparsecast.schemas.serde..", GENERATED)))
                .isNotEmpty();
    }

    private static Set<String> modulesSeen() {
        Set<String> modules = new TreeSet<>();
        for (JavaClass type : ProjectClasses.ALL) {
            modules.add(type.getPackageName().split("\\.")[2]);
        }
        return modules;
    }

    private static ArchRule never(String from, String... to) {
        return noClasses().that().resideInAPackage(from).should().dependOnClassesThat(resideInAnyPackage(to));
    }

    /** A module that is still empty breaks no rule. */
    private static void check(ArchRule rule) {
        rule.allowEmptyShould(true).check(ProjectClasses.ALL);
    }

    private static List<String> violations(ArchRule rule) {
        return rule.evaluate(ProjectClasses.ALL).getFailureReport().getDetails();
    }
}
