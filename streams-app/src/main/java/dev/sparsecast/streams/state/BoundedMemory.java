package dev.sparsecast.streams.state;

import java.util.Map;
import org.apache.kafka.streams.state.RocksDBConfigSetter;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.WriteBufferManager;

/**
 * Memory of all RocksDB stores of this process together, read and write buffers included, within one limit. By itself each
 * store of each partition takes up to 98 MB, and an instance has nine stores a partition.
 */
public final class BoundedMemory implements RocksDBConfigSetter {
    private static final long TOTAL = 384L << 20;
    private static final long WRITE_BUFFERS = 192L << 20;
    private static final long WRITE_BUFFER = 16L << 20;

    static {
        RocksDB.loadLibrary();
    }

    private static final LRUCache CACHE = new LRUCache(TOTAL, -1, false, 0.1);
    private static final WriteBufferManager MANAGER = new WriteBufferManager(WRITE_BUFFERS, CACHE);

    @Override
    public void setConfig(String storeName, Options options, Map<String, Object> configs) {
        if (options.tableFormatConfig() instanceof BlockBasedTableConfig table) {
            table.setBlockCache(CACHE).setCacheIndexAndFilterBlocks(true).setPinTopLevelIndexAndFilter(true);
            options.setTableFormatConfig(table);
        }
        options.setWriteBufferManager(MANAGER).setWriteBufferSize(WRITE_BUFFER).setMaxWriteBufferNumber(2);
    }

    @Override
    public void close(String storeName, Options options) {
        // cache and manager belong to all stores
    }
}
