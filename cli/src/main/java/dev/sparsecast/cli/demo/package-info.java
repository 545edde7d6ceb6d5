/** The demo's story: the whole pipeline in one process, on an embedded broker and registry, with real prompts. */
@NullMarked
package dev.sparsecast.cli.demo;

import org.jspecify.annotations.NullMarked;
