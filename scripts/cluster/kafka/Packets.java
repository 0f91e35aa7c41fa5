import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Packets in a topic as Apache Metron's probes and topology have them, with Kafka's own client.
 *
 * `java Packets.java produce BROKERS TOPIC FILE SCHEME` sends the packets of a pcap file (little-endian, microseconds): with FROM_KEY as pycapa does, with
 * FROM_PACKET each as a capture of its own. `java Packets.java consume BROKERS TOPIC COUNT` prints key and value of so many records, in hex.
 */
class Packets {
  private static final int FILE_HEADER = 24;
  private static final int RECORD_HEADER = 16;

  public static void main(String[] words) throws Exception {
    if (words[0].equals("produce")) produce(words[1], words[2], Files.readAllBytes(Path.of(words[3])), words[4]);
    else consume(words[1], words[2], Integer.parseInt(words[3]));
  }

  private static void produce(String brokers, String topic, byte[] file, String scheme) {
    var settings = Map.<String, Object>of("bootstrap.servers", brokers);
    try (var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
      var bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
      for (int at = FILE_HEADER; at < file.length; ) {
        int end = at + RECORD_HEADER + bytes.getInt(at + 8);
        long micros = (bytes.getInt(at) & 0xffffffffL) * 1_000_000 + bytes.getInt(at + 4);
        byte[] key = ByteBuffer.allocate(8).putLong(micros).array();
        if (scheme.equals("FROM_KEY"))
          producer.send(new ProducerRecord<>(topic, key, Arrays.copyOfRange(file, at + RECORD_HEADER, end)));
        else {
          var alone = ByteBuffer.allocate(FILE_HEADER + end - at).put(file, 0, FILE_HEADER).put(file, at, end - at);
          producer.send(new ProducerRecord<>(topic, key, alone.array()));
        }
        at = end;
      }
    }
  }

  private static void consume(String brokers, String topic, int count) {
    var settings = Map.<String, Object>of("bootstrap.servers", brokers, "group.id", "packets-" + topic, "auto.offset.reset", "earliest");
    try (var consumer = new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.subscribe(java.util.List.of(topic));
      for (int read = 0; read < count; ) {
        for (var record : consumer.poll(Duration.ofSeconds(1))) {
          System.out.println((record.key() == null ? "" : HexFormat.of().formatHex(record.key())) + " " + HexFormat.of().formatHex(record.value()));
          read++;
        }
      }
    }
  }
}
