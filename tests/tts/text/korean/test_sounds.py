import pytest

from tts.text.korean.sounds import apply_sounds
from tts.text.korean.syllables import to_units
from tts.text.korean.words import mark_words


def said(text: str, *, is_like_upstream: bool = False) -> str:
    units = to_units(text)
    mark_words(text, units, is_like_upstream=is_like_upstream)
    apply_sounds(units, is_like_upstream=is_like_upstream)
    return "".join(map(str, units))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        # 5: vowels
        ("가져", "가저"),
        ("무늬", "무니"),
        ("의사", "의사"),
        # 9-11: seven codas
        ("부엌", "부억"),
        ("꽃", "꼳"),
        ("앞", "압"),
        ("닭", "닥"),
        ("여덟", "여덜"),
        ("삶", "삼"),
        ("밟다", "밥따"),
        ("밟아", "발바"),
        ("읽고", "일꼬"),
        ("읽다", "익따"),
        # 12: ㅎ
        ("좋다", "조타"),
        ("많고", "만코"),
        ("싫소", "실쏘"),
        ("놓는", "논는"),
        ("잃는", "일른"),
        ("좋아", "조아"),
        ("많아", "마나"),
        ("못하다", "모타다"),
        ("넓히다", "널피다"),
        ("앉히다", "안치다"),
        ("꽃 한 송이", "꼬 탄 송이"),
        # 13-15: the coda goes over to the next vowel, but not to the next word
        ("앞에", "아페"),
        ("값을", "갑쓸"),
        ("앉아", "안자"),
        ("강아지", "강아지"),
        ("옷 위", "옫 위"),
        # 16: letter names only
        ("디귿이", "디그시"),
        ("늦어서", "느저서"),
        # 17: before ㅣ
        ("같이", "가치"),
        ("굳이", "구지"),
        ("끝이", "끄치"),
        ("붙여", "부처"),
        ("닫혀", "다처"),
        # 18-20: nasals and ㄹ
        ("먹는", "멍는"),
        ("밥 먹자", "밤 먹짜"),
        ("독립", "동닙"),
        ("강릉", "강능"),
        ("신라", "실라"),
        ("칼날", "칼랄"),
        ("오늘 날씨", "오늘 랄씨"),
        ("너를 나에게", "너를 나에게"),
        ("생산량", "생산냥"),
        ("등산로", "등산노"),
        # 23-28: tense consonants
        ("학교", "학꾜"),
        ("신고 갔다", "신고 갇따"),
        ("머리를 감고", "머리를 감꼬"),
        ("앉지 마", "안찌 마"),
        ("할 수 있다", "할 쑤 읻따"),
        ("갈게요", "갈께요"),
        ("있을게", "이쓸께"),
        ("먹을지도", "머글찌도"),
        ("물들여", "물드려"),
        ("결정", "결쩡"),
        ("발전소", "발쩐소"),
        ("우산새", "우산새"),
        ("눈동자", "눈똥자"),
        # 29-30: ㄴ between words, possessive ㅅ
        ("꽃잎이", "꼰니피"),
        ("서울역", "서울력"),
        ("햇빛을", "해삐츨"),
        ("이십육", "이심뉵"),
    ],
)
def test_standard_pronunciation(text, wanted):
    assert said(text) == wanted


@pytest.mark.parametrize(
    ("text", "theirs"),
    [
        ("끝이", "끄시"),
        ("늦어서", "느서서"),
        ("여덟 마리", "여덤 마리"),
        ("결정", "결정"),
        ("갈게요", "갈게요"),
        ("좋을 리", "조을 니"),
    ],
)
def test_upstreams_mistakes_are_repeated_on_demand_only(text, theirs):
    assert said(text, is_like_upstream=True) == theirs
    assert said(text) != theirs
