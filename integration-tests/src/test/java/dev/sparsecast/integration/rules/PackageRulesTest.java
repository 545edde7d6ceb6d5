package dev.sparsecast.integration.rules;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaPackage;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** Packages are concepts, say what they are, and have no undeclared nulls. */
class PackageRulesTest {
    private static final String GENERATED = "dev.sparsecast.schemas.avro";

    @Test
    void everyPackageIsNullMarked() {
        List<String> unmarked = packages()
                .filter(each -> !each.getName().equals(GENERATED))
                .filter(each -> !isNullMarked(each))
                .map(JavaPackage::getName)
                .toList();

        assertThat(unmarked)
                .as("packages without a package-info.java that is @NullMarked")
                .isEmpty();
    }

    @Test
    void onlyTheGeneratedPackageIsNotNullMarked() {
        assertThat(packages()).anyMatch(each -> each.getName().equals(GENERATED) && !isNullMarked(each));
    }

    @Test
    void noPackageIsADrawerForOddsAndEnds() {
        noClasses()
                .should()
                .resideInAnyPackage("..util..", "..utils..", "..common..", "..impl..", "..helpers..", "..misc..")
                .check(ProjectClasses.ALL);
    }

    private static boolean isNullMarked(JavaPackage each) {
        return each.isAnnotatedWith(NullMarked.class);
    }

    private static Stream<JavaPackage> packages() {
        return ProjectClasses.ALL.getPackage(ProjectClasses.ROOT).getSubpackagesInTree().stream()
                .filter(each -> !each.getClasses().isEmpty());
    }
}
