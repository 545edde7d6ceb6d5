package dev.sparsecast.it;

import dev.sparsecast.cli.stack.EmbeddedStack;
import dev.sparsecast.cli.stack.StackOptions;
import dev.sparsecast.schemas.cluster.ClusterSettings;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives tests a running broker and registry: {@code @ExtendWith(StackExtension.class)} and a parameter of type {@link
 * EmbeddedStack} or {@link ClusterSettings}. There is one for the whole JVM, started when it is first asked for and stopped
 * after the last test, so tests use topics and groups of their own names.
 */
public final class StackExtension implements ParameterResolver {
    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(StackExtension.class);

    /** Closed by JUnit with the root context's store. */
    private record SharedStack(EmbeddedStack stack) implements AutoCloseable {
        @Override
        public void close() {
            stack.close();
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        return type == EmbeddedStack.class || type == ClusterSettings.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        EmbeddedStack stack = context.getRoot()
                .getStore(NAMESPACE)
                .computeIfAbsent(
                        SharedStack.class,
                        _ -> new SharedStack(EmbeddedStack.start(StackOptions.temporary())),
                        SharedStack.class)
                .stack();
        return parameter.getParameter().getType() == EmbeddedStack.class ? stack : settings(stack);
    }

    /** Where a stack is, as services want to know it. */
    public static ClusterSettings settings(EmbeddedStack stack) {
        return new ClusterSettings(stack.bootstrapServers(), stack.schemaRegistryUrl());
    }
}
