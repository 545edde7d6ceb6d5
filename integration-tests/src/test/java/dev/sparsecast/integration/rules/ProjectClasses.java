package dev.sparsecast.integration.rules;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;

/** The classes of all modules without their tests, read once. */
final class ProjectClasses {
    static final String ROOT = "dev.sparsecast";

    static final JavaClasses ALL = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(ROOT);

    private ProjectClasses() {}

    /** The package of a module with everything below it, as ArchUnit writes it. */
    static String module(String word) {
        return ROOT + "." + word + "..";
    }
}
