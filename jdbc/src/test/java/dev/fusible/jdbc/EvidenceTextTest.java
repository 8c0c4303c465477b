package dev.fusible.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fusible.Evidence;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EvidenceTextTest {

  @Test
  void reads_what_it_wrote() {
    Evidence evidence =
        new Evidence(
            List.of("a", "B.c_d:e-0"), Map.of("a", Duration.ZERO, "c", Duration.ofMillis(41_500)));

    assertThat(EvidenceText.read(EvidenceText.of(evidence))).isEqualTo(evidence);
  }

  @Test
  void is_no_text_where_there_is_no_evidence() {
    assertThat(EvidenceText.of(Evidence.NONE)).isNull();
    assertThat(EvidenceText.read(null)).isEqualTo(Evidence.NONE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a,b", "a b,?;c=x", ";a=-1,=1,b=9999999999999", "", ";", ";;;"})
  void leaves_out_what_can_not_be_understood(String nonsense) {
    assertThat(EvidenceText.read(nonsense)).isEqualTo(Evidence.NONE);
  }
}
