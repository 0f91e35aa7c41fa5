import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Writes as Kafka's own client does: `java Produce.java BROKERS TOPIC TRANSACTIONS`. To TOPIC a batch of 50 records for each
 * compression, with keys and headers; to TRANSACTIONS records of transactions that are committed and of one that is given up.
 */
class Produce {
  public static void main(String[] words) throws Exception {
    String brokers = words[0];
    for (String compression : new String[] {"none", "gzip", "snappy", "lz4", "zstd"}) {
      try (var producer = producer(brokers, Map.of("compression.type", compression, "linger.ms", "5000", "batch.size", "1000000"))) {
        for (int i = 0; i < 50; i++) {
          var record = new ProducerRecord<>(words[1], 0, 1000L + i, "key-" + i, compression + " käse " + i);
          record.headers().add("origin", "java".getBytes());
          producer.send(record);
        }
        producer.flush();
      }
    }
    try (var producer = producer(brokers, Map.of("transactional.id", "of-java"))) {
      producer.initTransactions();
      for (String kind : new String[] {"first", "given up", "last"}) {
        producer.beginTransaction();
        for (int i = 0; i < 3; i++) producer.send(new ProducerRecord<>(words[2], 0, null, kind + " " + i));
        producer.flush();
        if (kind.equals("given up")) producer.abortTransaction();
        else producer.commitTransaction();
      }
    }
  }

  private static KafkaProducer<String, String> producer(String brokers, Map<String, String> settings) {
    var all = new java.util.HashMap<String, Object>(settings);
    all.put("bootstrap.servers", brokers);
    return new KafkaProducer<>(all, new StringSerializer(), new StringSerializer());
  }
}
