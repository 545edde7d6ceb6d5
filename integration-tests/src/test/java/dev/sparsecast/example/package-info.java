/** What is shown in the documentation. */
@NullMarked
package dev.sparsecast.example;

import org.jspecify.annotations.NullMarked;
