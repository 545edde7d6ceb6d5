/** What there is of releases and decisions, and commands about them. */
@NullMarked
package dev.sparsecast.cli.releases;

import org.jspecify.annotations.NullMarked;
